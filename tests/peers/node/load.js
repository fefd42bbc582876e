'use strict';
// node load.js --registry zookeeper://HOST:PORT[/ROOT] [--rate N] [--seconds S]: calls at a steady rate whoever serves EchoService
// there, checks each answer, and ends with one line of JSON: {"requests": right answers, "errors": the others}.
const { RpcClient } = require('sofa-rpc-node').client;
const { ZookeeperRegistry } = require('sofa-rpc-node').registry;
const { logger, opts } = require('./quiet');
const o = opts(process.argv);
const rate = Number(o.rate || 100);
const seconds = Number(o.seconds || 10);
const [ , host, root ] = /^zookeeper:\/\/([^/]+)(.*)$/.exec(o.registry);

async function main() {
  // Java and C++ have this folder below their root; here it is part of the root.
  const registry = new ZookeeperRegistry({ logger, address: host + root + '/sofa-rpc' });
  await registry.ready();
  const client = new RpcClient({ logger, registry });
  const echo = client.createConsumer({ interfaceName: 'dev.sofa.bank.EchoService', version: '1.0', targetAppName: 'bank' });
  await echo.ready();
  let requests = 0;
  let errors = 0;
  const under = new Set();
  const one = async i => {
    const text = 'call ' + i;
    try {
      const back = await echo.invoke('echo', [ { $class: 'java.lang.String', $: text } ], { responseTimeout: 3000 });
      if (back === text) requests++; else errors++;
    } catch (e) {
      errors++;
      console.error('call', i, e.message);
    }
  };
  const start = Date.now();
  let asked = 0;
  while (Date.now() - start < seconds * 1000) {
    for (; asked < (Date.now() - start) / 1000 * rate; asked++) {
      const call = one(asked).then(() => under.delete(call));
      under.add(call);
    }
    await new Promise(r => setTimeout(r, 5));
  }
  await Promise.all(under);
  console.log(JSON.stringify({ requests, errors }));
  process.exit(0);
}
main().catch(e => { console.error(e); process.exit(1); });
