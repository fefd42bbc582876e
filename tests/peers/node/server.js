'use strict';
// node server.js --port P [--seconds S]: EchoService and AccountService over Bolt + Hessian2. The library listens on every address.
const { RpcServer } = require('sofa-rpc-node').server;
const { logger, opts } = require('./quiet');
const o = opts(process.argv);
const port = Number(o.port || 12210);
const big = v => ({ $class: 'java.math.BigDecimal', $: { value: v } });
const decimal = v => Number(v && v.value !== undefined ? v.value : v);
const books = new Map();
const of = a => books.has(a) ? books.get(a) : 1000;

const server = new RpcServer({ logger, port });
server.addService({ interfaceName: 'dev.sofa.bank.EchoService', version: '1.0' }, {
  async echo(text) { return text; },
  async echoBytes(data) { return data; },
  async slowEcho(text, ms) { await new Promise(r => setTimeout(r, Number(ms))); return text; },
});
server.addService({ interfaceName: 'dev.sofa.bank.AccountService', version: '1.0' }, {
  async transfer(q) {
    const amount = decimal(q.amount);
    const ok = amount > 0 && of(q.fromAccount) >= amount;
    if (ok) {
      books.set(q.fromAccount, of(q.fromAccount) - amount);
      books.set(q.toAccount, of(q.toAccount) + amount);
    }
    return { $class: 'dev.sofa.bank.TransferResult', $: {
      txId: q.txId, accepted: ok, code: ok ? 0 : 402, message: ok ? 'ok' : 'insufficient funds',
      fromBalance: big(of(q.fromAccount).toFixed(2)), toBalance: big(of(q.toAccount).toFixed(2)),
      booked: new Date(q.when.getTime() + 1), legs: null, currency: null, notes: null } };
  },
  async getBalance(a) { return big(of(a).toFixed(2)); },
  async withdraw(a) { throw new Error('account ' + a + ' lacks funds'); },
  async any(v) { return v; },
});
server.start().then(() => {
  console.log('READY port=' + port);
  if (o.seconds) setTimeout(() => process.exit(0), Number(o.seconds) * 1000);
}, e => { console.error(e); process.exit(1); });
