// Stands in for the editor: hands out acquireVsCodeApi, keeps what the page posts, and what it asks to be kept.
// Runs before the page's own scripts, outside its content security policy.
(() => {
  const posted = [];
  const violations = [];
  document.addEventListener('securitypolicyviolation', (event) => {
    violations.push(`${event.violatedDirective} ${event.blockedURI}`);
  });
  let acquired = false;
  globalThis.acquireVsCodeApi = () => {
    if (acquired) throw new Error('An instance of the VS Code API has already been acquired');
    acquired = true;
    return {
      postMessage: (message) => posted.push(structuredClone(message)),
      getState: () => JSON.parse(sessionStorage.getItem('state') ?? 'null') ?? undefined,
      setState: (state) => sessionStorage.setItem('state', JSON.stringify(state)),
    };
  };
  globalThis.fakeHost = {
    posted: () => posted.splice(0),
    violations: () => violations,
    state: () => JSON.parse(sessionStorage.getItem('state') ?? 'null'),
    send: (message) => window.postMessage(message, '*'),
    setTheme: ({ bodyClass, variables }) => {
      const { style } = document.documentElement;
      while (style.length > 0) style.removeProperty(style[0]);
      for (const [name, value] of Object.entries(variables)) style.setProperty(name, value);
      document.body.className = bodyClass;
    },
    // How many pixels of a canvas have this colour, as 'r,g,b'.
    pixels: (selector, rgb) => {
      const canvas = document.querySelector(selector);
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      const [r, g, b] = rgb.split(',').map(Number);
      let count = 0;
      for (let i = 0; i < data.length; i += 4) {
        if (data[i] === r && data[i + 1] === g && data[i + 2] === b && data[i + 3] === 255) count++;
      }
      return count;
    },
  };
})();
