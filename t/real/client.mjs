// SPDX-License-Identifier: Apache-2.0
//
// The published client against a whole gateway, see gateway.real:
//
//	node client.mjs payer FILE	makes a payer's DID with money on the ledger, prints it, keeps its key in FILE
//	node client.mjs play FILE	opens a channel and pays; prints TAP
//
// Every cost is worked out here from the tokens that the mock provider is told to state, and compared to
// the unit with what the client was told, with the proposal, and with the rows of the gateway.
import './global.mjs';
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import Anthropic from '@anthropic-ai/sdk';
import OpenAI from 'openai';
import {
  CryptoUtils,
  DebugLogger,
  DidAccountSigner,
  IdentityEnv,
  KeyManager,
  KeyType,
  MemoryKeyStore,
  MultibaseCodec,
  RoochVDR,
  VDRRegistry,
  createSelfDid,
} from '@nuwa-ai/identity-kit';
import {
  MemoryHostChannelMappingStore,
  PaymentChannelHttpClient,
  PaymentHubClient,
  RoochPaymentChannelContract,
  RoochPaymentRevenueContract,
  createAdminClient,
  createHttpClient,
} from '@nuwa-ai/payment-kit';
import { Secp256k1Keypair } from '@roochnetwork/rooch-sdk';

const { ROOCH_NODE_URL: rpcUrl, GW_URL: base, GW_MOCK: mock, GW_DB: db, GW_LOG: log, SERVICE_KEY: serviceKey } = process.env;
const [, , verb, file] = process.argv;
const asset = '0x3::gas_coin::RGas';

// The packages talk; what is said here is TAP.
const say = text => process.stdout.write(`${text}\n`);
DebugLogger.setGlobalLevel?.('silent');
for (const name of ['log', 'info', 'debug', 'warn', 'error']) console[name] = () => {};

let count = 0;
let wallet;
let failed = 0;
async function step(title, fn) {
  count++;
  try {
    await fn();
    say(`ok ${count} - ${title}`);
  } catch (error) {
    failed++;
    say(`not ok ${count} - ${title}`);
    say(String(error?.stack ?? error).replace(/^/gm, '# '));
    resume();
  }
}

// After a failure the books go on from what the gateway holds, so that it shows once.
function resume() {
  for (const row of rows(`select fragment, coalesce(pending_nonce, signed_nonce) nonce, hex(coalesce(pending_amount, signed_amount)) owed
    from sub_channel where channel_id = x'${wallet?.http.getChannelId()?.slice(2) ?? ''}'`))
    if (books.has(row.fragment) && row.nonce)
      Object.assign(books.get(row.fragment), { nonce: BigInt(row.nonce), owed: amount(row.owed) });
  wallet?.http.clearPendingSubRAV();
}

// What nobody caught would end an application.
const uncaught = [];
process.on('unhandledRejection', error => uncaught.push(error));

/* ---- the ledger ---- */

const vdr = new RoochVDR({ rpcUrl, network: 'local' });
const registry = VDRRegistry.getInstance();
registry.registerVDR(vdr);
const contract = new RoochPaymentChannelContract({ rpcUrl, network: 'local' });
const revenue = new RoochPaymentRevenueContract({ rpcUrl, network: 'local' });

async function newPayer(deposit) {
  const secret = Secp256k1Keypair.generate().getSecretKey();
  const env = { rpcUrl, network: 'local', vdrRegistry: registry, roochVDR: vdr, fundAccount: async () => {} };
  const made = await createSelfDid(env, { secretKey: secret });
  if (deposit) await new PaymentHubClient({ contract, signer: made.signer, defaultAssetId: asset }).deposit(asset, deposit);
  return { did: made.did, secret };
}

async function identity({ did, secret }) {
  const keys = KeyManager.createEmpty(did, new MemoryKeyStore());
  const keyId = await keys.importRoochKeyPair('account-key', Secp256k1Keypair.fromSecretKey(secret));
  return { did, keys, keyId, signer: await DidAccountSigner.create(keys, keyId), env: new IdentityEnv(registry, keys) };
}

if (verb === 'payer') {
  const made = await newPayer(5000000000n);
  writeFileSync(file, JSON.stringify(made), { mode: 0o600 });
  say(made.did);
  process.exit(0);
}

/* ---- the gateway's rows ---- */

// Numbers of 32 bytes come as hex.
function rows(sql) {
  const out = execFileSync('sqlite3', ['-readonly', '-json', '-cmd', '.timeout 5000', db, sql], { encoding: 'utf8' });
  return out.trim() ? JSON.parse(out) : [];
}
const amount = hex => (hex === null || hex === '' ? null : BigInt(`0x${hex}`));

async function eventually(what, fn) {
  const end = Date.now() + 20000;
  for (;;) {
    const found = await fn();
    if (found) return found;
    if (Date.now() > end) assert.fail(`waited in vain: ${what}`);
    await new Promise(resolve => setTimeout(resolve, 20));
  }
}

function settle(...args) {
  execFileSync('llm-gateway-settle', args, { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, DATABASE: db, MIN_CLAIM_AMOUNT: '1' } });
}

/* ---- the mock provider ---- */

async function order(members, body) {
  const query = new URLSearchParams(members);
  const answer = await fetch(`${mock}/mock/next?${query}`, { method: 'POST', body });
  assert.equal(answer.ok, true, await answer.text());
}

/* ---- the books: what should be owed, by sub-channel ---- */

// picoUSD for a token in and out; 100 picoUSD are one unit of the asset, and a part of one is charged whole.
const price = {
  'gpt-4o-mini': [150000n, 600000n],
  'gpt-4o': [2500000n, 10000000n],
  'text-embedding-3-small': [20000n, 0n],
  'claude-sonnet-4-6': [3000000n, 15000000n],
  'claude-haiku-4-5': [1000000n, 5000000n],
  'gemini-2.5-flash': [300000n, 2500000n],
  'odd-model': [150001n, 600007n],
};
const pico = (model, input, output) => price[model][0] * BigInt(input) + price[model][1] * BigInt(output);
const units = p => (p + 99n) / 100n;

const books = new Map();
function book(fragment) {
  if (!books.has(fragment)) books.set(fragment, { nonce: 0n, owed: 0n, requests: 0 });
  return books.get(fragment);
}

/* ---- a client, with a look at what it sends and gets ---- */

class Wallet {
  constructor(options) {
    Object.assign(this, options);
    this.seen = [];
    this.handles = [];
    this.authorizations = [];
    this.fetch = async (url, init) => {
      const answer = await fetch(url, init);
      if (init.headers?.Authorization) this.authorizations.push(init.headers.Authorization);
      this.seen.push({
        status: answer.status,
        path: new URL(url).pathname,
        voucher: decode(init.headers?.['X-Payment-Channel-Data'])?.signedSubRav ?? null,
        answer: decode(answer.headers.get('x-payment-channel-data')),
        expose: answer.headers.get('access-control-expose-headers') ?? '',
      });
      return answer;
    };
  }

  static async open(who, more = {}) {
    const wallet = new Wallet({ who, keyId: more.keyId ?? who.keyId });
    wallet.fragment = wallet.keyId.split('#')[1];
    wallet.book = book(wallet.fragment);
    const shared = {
      baseUrl: base,
      fetchImpl: wallet.fetch,
      timeoutMs: 10000,
      mappingStore: more.mappingStore ?? new MemoryHostChannelMappingStore(),
    };
    wallet.shared = shared;
    // Both ways of making one: with the environment, and with everything said.
    if (more.keyId || more.maxAmount !== undefined)
      wallet.http = new PaymentChannelHttpClient({
        ...shared,
        chainConfig: { chain: 'rooch', rpcUrl, network: 'local' },
        signer: who.keys,
        keyId: wallet.keyId,
        maxAmount: more.maxAmount ?? 0n,
      });
    else wallet.http = await createHttpClient({ ...shared, env: who.env });
    wallet.openai = new OpenAI({ apiKey: 'not-used', baseURL: `${base}/openai/v1`, fetch: wallet.adapter(), maxRetries: 0 });
    wallet.anthropic = new Anthropic({ apiKey: 'not-used', baseURL: `${base}/claude`, fetch: wallet.adapter(), maxRetries: 0 });
    return wallet;
  }

  // The client as the fetch of an SDK, whose own credentials are not for the gateway.
  adapter() {
    return async (url, init) => {
      const headers = new Headers(init.headers);
      headers.delete('authorization');
      headers.delete('x-api-key');
      const handle = await this.http.requestWithPayment(init.method ?? 'GET', String(url), { ...init, headers });
      this.handles.push(handle);
      return handle.response;
    };
  }

  get pending() {
    return this.http.getPendingSubRAV();
  }

  // The request of the last handle cost so much: client, proposal, books and rows agree.
  async paid(cost, costPico) {
    const payment = await this.handles.at(-1).payment;
    assert.ok(payment, 'the client knows of no payment');
    this.book.nonce += 1n;
    this.book.owed += cost;
    this.book.requests += 1;
    assert.equal(payment.cost, cost, 'cost');
    if (costPico !== undefined) assert.equal(payment.costUsd, costPico, 'costUsd');
    assert.equal(payment.nonce, this.book.nonce, 'nonce');
    const proposal = this.pending;
    assert.equal(proposal.accumulatedAmount, this.book.owed, 'accumulated amount');
    assert.equal(proposal.nonce, this.book.nonce);
    assert.equal(proposal.vmIdFragment, this.fragment);
    this.inRows();
  }

  // The rows of the sub-channel say what the books say.
  inRows(pending = true) {
    const [sub] = rows(`select signed_nonce, hex(signed_amount) signed, pending_nonce, hex(pending_amount) pending, lease_owner
      from sub_channel where fragment = '${this.fragment}' and channel_id = x'${this.http.getChannelId().slice(2)}'`);
    assert.equal(sub.lease_owner, null, 'nobody is at work');
    if (pending) {
      assert.equal(BigInt(sub.pending_nonce), this.book.nonce, 'pending nonce');
      assert.equal(amount(sub.pending), this.book.owed, 'pending amount');
    } else {
      assert.equal(sub.pending_nonce, null, 'nothing is pending');
      assert.equal(BigInt(sub.signed_nonce), this.book.nonce, 'signed nonce');
      assert.equal(amount(sub.signed), this.book.owed, 'signed amount');
    }
  }
}

function decode(header) {
  return header ? JSON.parse(Buffer.from(header.slice(1), 'base64url')) : null;
}

const words = text => text.split(/\s+/).filter(Boolean).length;
const messages = [{ role: 'user', content: 'a prompt with the canary xyzzy-prompt in it' }];

const chat = async (wallet, model, input, output) => {
  await order({ input, output });
  const answer = await wallet.openai.chat.completions.create({ model, messages });
  assert.equal(answer.usage.prompt_tokens, input);
  assert.equal(answer.usage.completion_tokens, output);
  assert.equal(words(answer.choices[0].message.content), output);
  const p = pico(model, input, output);
  await wallet.paid(units(p), p);
};

const chatStream = async (wallet, model, input, output, more = {}) => {
  await order({ input, output, delay: 2 }); // so that each event is read by itself, [DONE] too
  let text = '';
  let usage = null;
  for await (const chunk of await wallet.openai.chat.completions.create({ model, messages, stream: true, ...more })) {
    assert.ok(!JSON.stringify(chunk).includes('nuwa_payment'), 'the frame reaches the application');
    text += chunk.choices[0]?.delta?.content ?? '';
    usage = chunk.usage ?? usage;
  }
  assert.equal(words(text), output);
  if (more.stream_options?.include_usage) assert.equal(usage.completion_tokens, output);
  const p = pico(model, input, output);
  await wallet.paid(units(p), p);
};

const claude = async (wallet, model, input, output) => {
  await order({ input, output });
  const answer = await wallet.anthropic.messages.create({ model, max_tokens: 1000, messages });
  assert.equal(answer.usage.output_tokens, output);
  const p = pico(model, input, output);
  await wallet.paid(units(p), p);
};

const claudeStream = async (wallet, model, input, output) => {
  await order({ input, output, times: 2 });
  const p = pico(model, input, output);
  const kinds = [];
  for await (const event of await wallet.anthropic.messages.create({ model, max_tokens: 1000, messages, stream: true })) kinds.push(event.type);
  assert.equal(kinds.at(-1), 'message_stop');
  await wallet.paid(units(p), p);
  const answer = await wallet.anthropic.messages.stream({ model, max_tokens: 1000, messages }).finalMessage();
  assert.equal(answer.usage.output_tokens, output);
  assert.equal(words(answer.content[0].text), output);
  await wallet.paid(units(p), p);
};

/* ---- the play ---- */

const payer = await identity(JSON.parse(readFileSync(file, 'utf8')));
const payeeKeys = await KeyManager.fromSerializedKey(serviceKey);
const payeeDid = await payeeKeys.getDid();
const payee = await DidAccountSigner.create(payeeKeys, (await payeeKeys.listKeyIds())[0]);

await step('discovery and health, read by the client', async () => {
  wallet = await Wallet.open(payer);
  const found = await wallet.http.discoverService();
  assert.equal(found.serviceDid, payeeDid);
  assert.equal(found.network, 'local');
  assert.equal(found.basePath, '/payment-channel');
  const health = await wallet.http.healthCheck();
  assert.equal(health.status, 'healthy');
});

await step('the first request opens the channel and is served before anything is owed', async () => {
  await chat(wallet, 'gpt-4o-mini', 11, 7);
  assert.deepEqual(wallet.seen.filter(s => s.path.startsWith('/openai')).map(s => [s.status, s.voucher]), [[200, null]]);
  assert.match(wallet.seen.at(-1).expose, /X-Payment-Channel-Data/i);
  const info = await contract.getChannelStatus({ channelId: wallet.http.getChannelId() });
  assert.equal(info.payeeDid, payeeDid);
  assert.equal(info.status, 'active');
});

for (const [model, input, output] of [['gpt-4o-mini', 1, 1], ['gpt-4o', 100, 20], ['odd-model', 13, 3], ['gpt-4o', 10000, 1]])
  await step(`openai, plain: ${model}, ${input} and ${output} tokens`, () => chat(wallet, model, input, output));

for (const [model, input, output, more] of [
  ['gpt-4o-mini', 9, 5],
  ['gpt-4o', 33, 17, { stream_options: { include_usage: true } }],
  ['gpt-4o', 5, 4, { stream_options: { include_usage: false } }],
  ['odd-model', 7, 1],
])
  await step(`openai, streamed: ${model} ${JSON.stringify(more ?? {})}`, () => chatStream(wallet, model, input, output, more));

await step('openai, responses, plain and streamed', async () => {
  const p = pico('gpt-4o', 21, 8);
  await order({ input: 21, output: 8 });
  const answer = await wallet.openai.responses.create({ model: 'gpt-4o', input: 'hello' });
  assert.equal(words(answer.output_text), 8);
  await wallet.paid(units(p), p);
  await order({ input: 21, output: 8 });
  const kinds = new Set();
  for await (const event of await wallet.openai.responses.create({ model: 'gpt-4o', input: 'hello', stream: true })) kinds.add(event.type);
  assert.ok(kinds.has('response.completed'), [...kinds].join());
  await wallet.paid(units(p), p);
});

await step('openai, embeddings', async () => {
  await order({ input: 501 });
  await wallet.openai.embeddings.create({ model: 'text-embedding-3-small', input: 'a text' });
  const p = pico('text-embedding-3-small', 501, 0);
  await wallet.paid(units(p), p);
});

for (const [model, input, output] of [['claude-sonnet-4-6', 12, 6], ['claude-haiku-4-5', 200, 30]]) {
  await step(`anthropic, plain: ${model}`, () => claude(wallet, model, input, output));
  await step(`anthropic, streamed: ${model}`, () => claudeStream(wallet, model, input, output));
}

await step('openrouter and litellm state what they cost', async () => {
  for (const [path, state] of [['openrouter/api/v1', 'openrouter'], ['litellm/v1', 'litellm']])
    for (const stream of [false, true]) {
      const sdk = new OpenAI({ apiKey: 'not-used', baseURL: `${base}/${path}`, fetch: wallet.adapter(), maxRetries: 0 });
      await order({ input: 40, output: 9 });
      const answer = await sdk.chat.completions.create({ model: 'openai/gpt-4o-mini', messages, stream });
      if (stream) for await (const chunk of answer) assert.ok(chunk.id, state);
      const p = 40n * 150000n + 9n * 600000n;
      await wallet.paid(units(p), p);
    }
});

await step('gemini, plain and streamed, through the client itself', async () => {
  const p = pico('gemini-2.5-flash', 14, 5);
  const body = { contents: [{ role: 'user', parts: [{ text: 'hello' }] }] };
  await order({ input: 14, output: 5 });
  const plain = await wallet.http.post('/gemini/v1beta/models/gemini-2.5-flash:generateContent', body);
  wallet.handles.push({ payment: Promise.resolve(plain.payment) });
  assert.equal(plain.data.usageMetadata.promptTokenCount, 14);
  await wallet.paid(units(p), p);
  await order({ input: 14, output: 5 });
  const handle = await wallet.http.requestWithPayment('POST', '/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse', {
    headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body),
  });
  wallet.handles.push(handle);
  const text = await (await handle.response).text();
  assert.match(text, /usageMetadata/);
  assert.doesNotMatch(text, /nuwa_payment/);
  await wallet.paid(units(p), p);
});

await step('free routes cost nothing and take the voucher', async () => {
  const owed = wallet.pending.nonce;
  const page = await wallet.openai.models.list();
  assert.ok(page.data.length > 0);
  assert.equal(await wallet.handles.at(-1).payment, undefined);
  assert.equal(BigInt(wallet.seen.at(-1).voucher.subRav.nonce), owed);
  wallet.inRows(false);
  const counted = await wallet.anthropic.messages.countTokens({ model: 'claude-haiku-4-5', messages });
  assert.ok(counted.input_tokens > 0);
  wallet.inRows(false);
  await chat(wallet, 'gpt-4o-mini', 3, 3);
});

await step('every request so far was answered at once: no 402, each with the voucher of the one before', async () => {
  const asked = wallet.seen.filter(s => !s.path.startsWith('/payment-channel') && !s.path.startsWith('/.well-known'));
  assert.deepEqual([...new Set(asked.map(s => s.status))], [200]);
  assert.ok(asked.length >= 25, `${asked.length} requests`);
});

await step('an SDK whose own key is sent along is told to drop it', async () => {
  const sdk = new OpenAI({
    apiKey: 'not-used', baseURL: `${base}/openai/v1`, maxRetries: 0,
    fetch: (url, init) => wallet.http.request(init.method, String(url), init),
  });
  await assert.rejects(
    sdk.chat.completions.create({ model: 'gpt-4o', messages }),
    error => (error.status === 401 && /Authorization/i.test(error.message)) || assert.fail(error)
  );
  wallet.http.clearPendingSubRAV();
  await chat(wallet, 'gpt-4o-mini', 1, 1);
  assert.deepEqual(wallet.seen.slice(-2).map(s => s.status), [402, 200]);
});

await step('an error of the provider is the provider\'s, costs nothing, and payment goes on', async () => {
  for (const [status, call] of [
    [500, () => wallet.openai.chat.completions.create({ model: 'gpt-4o', messages })],
    [429, () => wallet.openai.chat.completions.create({ model: 'gpt-4o', messages, stream: true })],
    [529, () => wallet.anthropic.messages.create({ model: 'claude-haiku-4-5', max_tokens: 10, messages })],
  ]) {
    await order({ status });
    await assert.rejects(call(), error => error.status === status || assert.fail(error));
    await wallet.paid(0n, 0n);
  }
  await chat(wallet, 'gpt-4o', 2, 2);
});

await step('a refused model, and a refused path, cost nothing and say why', async () => {
  await assert.rejects(
    wallet.openai.chat.completions.create({ model: 'constructor', messages }),
    error => (error.status === 400 && error.code === 'model_not_supported' && /constructor/.test(error.message)) || assert.fail(error)
  );
  await wallet.paid(0n, 0n);
  await assert.rejects(
    wallet.anthropic.messages.create({ model: 'no-such-model', max_tokens: 5, messages }),
    error => error.status === 400 || assert.fail(error)
  );
  await wallet.paid(0n, 0n);
  await assert.rejects(wallet.openai.get('/fine_tuning/jobs'), error => error.status === 404 || assert.fail(error));
  await wallet.paid(0n, 0n);
  await chatStream(wallet, 'gpt-4o', 2, 2);
});

await step('a stream that the provider breaks ends in order and is billed', async () => {
  await order({ input: 50, output: 6, end: 'abrupt', after: 700 });
  const pieces = [];
  await assert.rejects(async () => {
    for await (const chunk of await wallet.openai.chat.completions.create({ model: 'gpt-4o', messages, stream: true })) pieces.push(chunk);
    throw new Error(`${pieces.length} pieces and no error`);
  }, error => !/pieces and no error/.test(error.message) || assert.fail(error));
  const payment = await wallet.handles.at(-1).payment;
  const [row] = rows('select cost_pico, estimated, hex(cost_asset) cost from usage order by usage_id desc limit 1');
  assert.equal(row.estimated, 1);
  assert.ok(row.cost_pico > 0);
  assert.equal(payment.cost, amount(row.cost));
  await wallet.paid(amount(row.cost), BigInt(row.cost_pico));
});

await step('the client loses its state: the next request is asked to sign, signs, and is served', async () => {
  const before = wallet;
  wallet = await Wallet.open(payer);
  await chat(wallet, 'gpt-4o-mini', 6, 6);
  const asked = wallet.seen.filter(s => s.path.startsWith('/openai'));
  assert.deepEqual(asked.map(s => s.status), [402, 200]);
  assert.equal(asked[0].answer.error.code, 'PAYMENT_REQUIRED');
  assert.equal(asked[0].answer.clientTxRef, asked[1].answer.clientTxRef);
  assert.deepEqual(asked[1].voucher.subRav, asked[0].answer.subRav);
  // The old one does not know; it is told, too.
  before.handles = wallet.handles;
  await chatStream(wallet, 'gpt-4o-mini', 6, 6);
});

await step('a client with an outdated proposal is refused, forgets it, and recovers', async () => {
  const stale = await Wallet.open(payer);
  await chat(stale, 'gpt-4o-mini', 2, 1); // 402 and retry
  await chat(wallet, 'gpt-4o-mini', 2, 1).then(
    () => assert.fail('a voucher that was handed in before was taken again'),
    error => error.status === 409 || assert.fail(error)
  );
  await fetch(`${mock}/mock/reset`, { method: 'POST' });
  await chat(wallet, 'gpt-4o-mini', 2, 1);
  assert.deepEqual(wallet.seen.slice(-3).map(s => s.status), [409, 402, 200]);
});

await step('recovery tells channel, sub-channel and proposal', async () => {
  const found = await wallet.http.recoverFromService();
  assert.equal(found.channel.channelId, wallet.http.getChannelId());
  assert.equal(found.channel.payerDid, payer.did);
  assert.equal(found.channel.epoch, 0n);
  assert.equal(found.channel.status, 'active');
  assert.equal(BigInt(found.pendingSubRav.nonce), wallet.book.nonce);
  assert.equal(BigInt(found.pendingSubRav.accumulatedAmount), wallet.book.owed);
  assert.equal(found.subChannel.vmIdFragment, 'account-key');
  assert.equal(found.subChannel.lastClaimedAmount, 0n);
});

await step('requests while a stream is running wait for it and pay it', async () => {
  const p = pico('gpt-4o', 70, 12);
  await order({ input: 70, output: 12, delay: 60, match: 'slow-one' });
  const slow = [{ role: 'user', content: 'slow-one' }];
  const stream = await wallet.openai.chat.completions.create({ model: 'gpt-4o', messages: slow, stream: true });
  const handle = wallet.handles.at(-1);
  const iterator = stream[Symbol.asyncIterator]();
  await iterator.next();
  await order({ input: 8, output: 2, times: 3 });
  const others = [1, 2, 3].map(() => wallet.openai.chat.completions.create({ model: 'gpt-4o-mini', messages }));
  let text = 0;
  for (let at = await iterator.next(); !at.done; at = await iterator.next()) text++;
  assert.ok(text > 10);
  await Promise.all(others);
  const payment = await handle.payment;
  assert.equal(payment.cost, units(p));
  const small = units(pico('gpt-4o-mini', 8, 2));
  wallet.book.nonce += 3n;
  wallet.book.owed += units(p) + 2n * small;
  await wallet.paid(small);
});

await step('two clients with one key at once: each is served, each request is paid', async () => {
  const other = await Wallet.open(payer);
  const n = 4;
  await order({ input: 5, output: 5, times: 2 * n });
  let served = 0;
  const refused = [];
  for (const client of [wallet, other])
    client.work = (async () => {
      for (let i = 0; i < n; )
        try {
          await client.openai.chat.completions.create({ model: 'gpt-4o', messages });
          served++;
          i++;
        } catch (error) {
          if (error.status !== 409 && error.status !== 402) throw error;
          refused.push(error.status);
        }
    })();
  await Promise.all([wallet.work, other.work]);
  assert.equal(served, 2 * n);
  const small = units(pico('gpt-4o', 5, 5));
  wallet.book.nonce += BigInt(2 * n);
  wallet.book.owed += small * BigInt(2 * n);
  wallet.inRows();
  wallet.http.clearPendingSubRAV();
});

await step('a client that leaves in mid-stream pays for what was made', async () => {
  await order({ input: 30, output: 40, delay: 50 });
  const leave = new AbortController();
  const stream = await wallet.openai.chat.completions.create({ model: 'gpt-4o', messages, stream: true }, { signal: leave.signal });
  let seen = 0;
  try {
    for await (const chunk of stream) if (++seen === 5) leave.abort();
  } catch (error) {
    assert.match(error.name + error.constructor.name, /Abort/);
  }
  const row = await eventually('the row of the request that was left', () =>
    rows("select cost_pico, hex(cost_asset) cost, outcome from usage where state = 1 and usage_id = (select max(usage_id) from usage)")[0]);
  assert.equal(row.outcome, 4);
  assert.ok(row.cost_pico > 0);
  wallet.book.nonce += 1n;
  wallet.book.owed += amount(row.cost);
  wallet.inRows();
  await chat(wallet, 'gpt-4o-mini', 4, 4);
  assert.deepEqual(wallet.seen.slice(-2).map(s => s.status), [402, 200]);
});

await step('commit takes the last voucher; a second time, or changed, it is refused', async () => {
  const { http } = wallet;
  const signed = await http.getPayerClient().signSubRAV(http.getPendingSubRAV());
  const less = await http.getPayerClient().signSubRAV({ ...http.getPendingSubRAV(), accumulatedAmount: wallet.book.owed - 1n });
  await assert.rejects(http.commitSubRAV(less), /TAMPERED_SUBRAV|RAV_CONFLICT/);
  await assert.rejects(http.commitSubRAV({ ...signed, signature: less.signature }), /INVALID_SIGNATURE/);
  wallet.inRows();
  assert.deepEqual(await http.commitSubRAV(signed), { success: true });
  wallet.inRows(false);
  await assert.rejects(http.commitSubRAV(signed), /RAV_CONFLICT/);
  http.clearPendingSubRAV();
  await chat(wallet, 'gpt-4o-mini', 4, 4);
  assert.equal(wallet.seen.at(-1).status, 200);
  assert.equal(wallet.seen.at(-2).path, '/payment-channel/commit');
});

await step('subrav finds vouchers by nonce', async () => {
  const admin = createAdminClient(wallet.http);
  const found = await admin.querySubRav({ nonce: '3' });
  const [row] = rows(`select hex(amount) amount, lower(hex(signature)) signature from voucher where nonce = 3 and fragment = 'account-key'`);
  assert.equal(BigInt(found.subRav.accumulatedAmount), amount(row.amount));
  assert.equal(Buffer.from(found.signature.slice(1), 'base64url').toString('hex'), row.signature);
  await assert.rejects(admin.querySubRav({ nonce: '999999' }), /404|not found/i);
  // What the client signed on the way there is not lost.
  await chat(wallet, 'gpt-4o-mini', 4, 4);
});

await step('administrators see the state and ask for claims; others may not', async () => {
  const admin = createAdminClient(wallet.http);
  const status = await admin.getSystemStatus();
  assert.equal(Number(status.claims.policy.minClaimAmount), 100000000);
  const asked = await admin.triggerClaim({ channelId: wallet.http.getChannelId() });
  assert.equal(asked.channelId, wallet.http.getChannelId());
  assert.equal(asked.queued.length + asked.skipped.length, 1);
  await chat(wallet, 'gpt-4o-mini', 1, 2);
});

await step('keys of the other types pay through sub-channels of their own', async () => {
  const added = [];
  for (const type of [KeyType.ED25519, KeyType.ECDSAR1]) {
    const pair = await CryptoUtils.generateKeyPair(type);
    const fragment = type === KeyType.ED25519 ? 'ed-key' : 'r1-key';
    await vdr.addVerificationMethod(
      payer.did,
      { id: `${payer.did}#${fragment}`, type, controller: payer.did, publicKeyMultibase: MultibaseCodec.encodeBase58btc(pair.publicKey) },
      ['authentication', 'capabilityDelegation'],
      { signer: payer.signer }
    );
    const keyId = await payer.keys.importKeyPair(fragment, pair, type);
    // The account pays for opening; the key signs what is owed.
    await contract.authorizeSubChannel({ channelId: wallet.http.getChannelId(), vmIdFragment: fragment, signer: payer.signer });
    added.push(keyId);
  }
  for (const keyId of added) {
    const second = await Wallet.open(payer, { keyId });
    // Half of the signatures that the package makes with P-256 have a high S, which the ledger refuses.
    for (let i = 0; i < 8; i++) await (i % 2 ? chatStream : chat)(second, 'gpt-4o-mini', 5 + i, 1 + i);
    await second.http.commitSubRAV(await second.http.getPayerClient().signSubRAV(second.pending));
    second.inRows(false);
  }
});

await step('a limit that the request could pass is refused before the provider is asked', async () => {
  const { requests } = await (await fetch(`${mock}/mock/count`)).json().then(n => ({ requests: n }));
  const careful = await Wallet.open(payer, { maxAmount: 1n });
  await assert.rejects(
    careful.http.post('/openai/v1/chat/completions', { model: 'gpt-4o', messages }),
    error => error.code === 'BILLING_MAX_AMOUNT_EXCEEDED' || assert.fail(error)
  );
  assert.deepEqual(await (await fetch(`${mock}/mock/count`)).json(), requests);
  wallet.book.nonce += 1n;
  wallet.inRows();
  wallet.http.clearPendingSubRAV();
  await chat(wallet, 'gpt-4o-mini', 1, 1);
});

await step('a payer without a deposit is told so', async () => {
  const poor = await identity(await newPayer(0n));
  const client = await createHttpClient({
    baseUrl: base, env: poor.env, mappingStore: new MemoryHostChannelMappingStore(),
  });
  await assert.rejects(
    client.post('/openai/v1/chat/completions', { model: 'gpt-4o', messages }),
    error => error.code === 'HUB_INSUFFICIENT_FUNDS' || assert.fail(error)
  );
});

let channelId;
await step('what was collected can be claimed on the ledger, to the unit', async () => {
  channelId = wallet.http.getChannelId();
  await wallet.http.commitSubRAV(await wallet.http.getPayerClient().signSubRAV(wallet.pending));
  wallet.http.clearPendingSubRAV();
  let total = 0n;
  for (const [fragment, { owed, nonce }] of books) {
    const [row] = rows(`select chain_id, epoch, nonce, hex(amount) amount, hex(signature) signature from voucher
      where fragment = '${fragment}' and channel_id = x'${channelId.slice(2)}' order by nonce desc limit 1`);
    assert.equal(BigInt(row.nonce), nonce, fragment);
    assert.equal(amount(row.amount), owed, fragment);
    await contract.claimFromChannel({
      signedSubRAV: {
        subRav: { version: 1, chainId: BigInt(row.chain_id), channelId, channelEpoch: BigInt(row.epoch), vmIdFragment: fragment, accumulatedAmount: owed, nonce },
        signature: new Uint8Array(Buffer.from(row.signature, 'hex')),
      },
      signer: payee,
    });
    total += owed;
  }
  assert.equal(books.size, 3);
  assert.equal(await revenue.getRevenueBalance(payeeDid, asset), total);
  await chat(wallet, 'gpt-4o-mini', 9, 9);
});

await step('the channel is closed and opened again: payment goes on in the new epoch', async () => {
  const fragment = 'account-key';
  const signed = await wallet.http.getPayerClient().signSubRAV(wallet.pending);
  await wallet.http.commitSubRAV(signed);
  wallet.http.clearPendingSubRAV();
  await contract.closeChannel({
    channelId,
    cooperative: true,
    closeProofs: {
      proofs: [{ vm_id_fragment: fragment, accumulated_amount: wallet.book.owed, nonce: wallet.book.nonce, sender_signature: Array.from(signed.signature) }],
    },
    signer: payee,
  });
  wallet = await Wallet.open(payer);
  await eventually('the gateway notices that the channel is closed', async () => {
    const { channel } = await wallet.http.recoverFromService();
    return channel.status === 'closed';
  });
  // What it has just read it does not ask again for a second.
  await order({ input: 2, output: 3 });
  await eventually('the gateway notices that the channel is open', () =>
    wallet.openai.chat.completions.create({ model: 'gpt-4o-mini', messages }).catch(error => {
      if (error.status !== 400 || !/closed/.test(error.message)) throw error;
    }));
  const p = pico('gpt-4o-mini', 2, 3);
  await wallet.paid(units(p), p);
  assert.equal(wallet.pending.channelEpoch, 1n);
  await eventually('so do the endpoints', async () => (await wallet.http.recoverFromService()).channel.status === 'active');
  await chatStream(wallet, 'gpt-4o-mini', 2, 3);
});

await step('the settlement program claims what the client has signed since, and closes the channel', async () => {
  const before = await revenue.getRevenueBalance(payeeDid, asset);
  const signed = wallet.book.owed;
  const { lastClaimedAmount } = await contract.getSubChannel({ channelId, vmIdFragment: 'account-key' });
  await wallet.http.commitSubRAV(await wallet.http.getPayerClient().signSubRAV(wallet.pending));
  wallet.http.clearPendingSubRAV();
  assert.ok(signed > lastClaimedAmount);
  settle('--channel', channelId);
  assert.equal((await contract.getSubChannel({ channelId, vmIdFragment: 'account-key' })).lastClaimedAmount, signed);
  assert.equal((await revenue.getRevenueBalance(payeeDid, asset)) - before, signed - lastClaimedAmount);
  await chat(wallet, 'gpt-4o-mini', 5, 5);
  assert.equal(wallet.seen.at(-1).status, 200);
  await wallet.http.commitSubRAV(await wallet.http.getPayerClient().signSubRAV(wallet.pending));
  wallet.http.clearPendingSubRAV();
  settle('--close', channelId);
  assert.equal((await contract.getChannelStatus({ channelId })).status, 'closed');
  assert.equal((await revenue.getRevenueBalance(payeeDid, asset)) - before, wallet.book.owed - lastClaimedAmount);
});

await step('the sum of the rows is the sum of the vouchers', async () => {
  const charged = new Map();
  for (const row of rows('select fragment, hex(cost_asset) cost, state, lower(hex(channel_id)) channel from usage where channel_id is not null')) {
    assert.notEqual(row.state, 0, 'a row is open');
    if (row.channel !== channelId.slice(2)) continue;
    charged.set(row.fragment, (charged.get(row.fragment) ?? 0n) + (amount(row.cost) ?? 0n));
  }
  for (const [fragment, { owed }] of books) assert.equal(charged.get(fragment), owed, fragment);
  const [{ n }] = rows('select count(*) n from voucher');
  assert.ok(n >= 50, `${n} vouchers`);
});

await step('the logs have nothing to warn of, and no key, prompt, answer or signature', () => {
  const lines = readFileSync(log, 'utf8').split('\n').filter(line => line.startsWith('{')).map(line => JSON.parse(line));
  const loud = lines.filter(line => ['warn', 'error'].includes(line.level)).map(line => line.msg);
  assert.deepEqual(loud, ['no settlement runs here: SETTLE_INTERVAL is 0']);
  assert.ok(lines.filter(line => line.type === 'access_log').length > 100);
  const text = readFileSync(log, 'utf8');
  const secrets = ['xyzzy', 'canary', 'sk-test-key', 'sk-ant-test-key', 'nuwa_payment', serviceKey];
  // the last payer's headers
  for (const sent of wallet.authorizations) secrets.push(sent.slice(-60));
  for (const row of rows('select hex(signature) hex from voucher')) {
    const bytes = Buffer.from(row.hex, 'hex');
    secrets.push(bytes.toString('base64url').slice(0, 40), bytes.toString('hex').slice(0, 40));
  }
  assert.ok(secrets.length > 100);
  assert.deepEqual(secrets.filter(secret => secret.length < 5 || text.includes(secret)), []);
  for (const kept of [db, `${db}-wal`]) assert.equal(readFileSync(kept).includes('xyzzy'), false, kept);
});

await step('nothing was thrown that nobody caught', async () => {
  assert.deepEqual(uncaught, []);
});

say(`1..${count}`);
process.exit(failed ? 1 : 0);
