// Runs the examples of a client one after the other, whatever becomes of each, and counts the ones that pass.

const path = require("node:path");

// What the client itself prints to the console is not shown: the examples look at what it returns.
const print = console.log;

function version(name) {
  return require(path.join(process.env.NODE_PATH, name, "package.json")).version;
}

function within(milliseconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing happened for ${milliseconds} ms`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

// What a client throws where nobody can catch it fails the example that runs, and not the whole script.
function uncaught() {
  return new Promise((_, reject) => {
    for (const event of ["uncaughtException", "unhandledRejection"]) process.removeAllListeners(event).once(event, reject);
  });
}

async function run(name, examples) {
  console.log = () => {};
  let passed = 0;
  for (const example of examples) {
    try {
      await within(20_000, Promise.race([uncaught(), example()]));
      passed += 1;
    } catch (error) {
      console.error(`${name}: ${example.name} failed\n${error.stack || error}`);
    }
  }
  print(`${name} ${version(name)}: ${passed}/${examples.length}`);
  process.exitCode = passed === examples.length ? 0 : 1;
}

module.exports = { run, within };
