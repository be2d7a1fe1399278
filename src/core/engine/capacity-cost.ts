/** What a good request costs at a rate that the hardware sustains. */
import { machineCost, type Priced } from '../metrics/cost';

/**
 * USD per good request: the hardware's cost per hour shared by the requests that met every limit in it. At the highest rate
 * that still meets the SLOs this is the least that a good request can cost on this hardware.
 * @param goodput good requests per second
 * @returns null where the cost of the hardware is unknown or no request is good
 */
export function goodRequestCost(endpoint: Priced, goodput: number | null): number | null {
  if (goodput === null || !(goodput > 0)) return null;
  return machineCost(1000 / goodput, endpoint);
}
