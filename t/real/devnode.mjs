// SPDX-License-Identifier: Apache-2.0
//
// The packages of the ecosystem against a development ledger:
//
//	ROOCH_NODE_URL=http://127.0.0.1:6767 node devnode.mjs
//
// The node has to run with --control on. Prints TAP.
import './global.mjs';
import assert from 'node:assert/strict';
import {
  DidAccountSigner,
  KeyManager,
  KeyType,
  MemoryKeyStore,
  MultibaseCodec,
  DidKeyCodec,
  CryptoUtils,
  DebugLogger,
  RoochVDR,
  VDRRegistry,
  createCadopCustodian,
  createDidViaCadop,
  createSelfDid,
} from '@nuwa-ai/identity-kit';
import {
  PaymentHubClient,
  PaymentRevenueClient,
  RoochPaymentChannelContract,
  RoochPaymentRevenueContract,
  SubRAVSigner,
} from '@nuwa-ai/payment-kit';
import { Args, RoochClient, Secp256k1Keypair, Transaction } from '@roochnetwork/rooch-sdk';

const rpcUrl = process.env.ROOCH_NODE_URL;
const asset = '0x3::gas_coin::RGas';
const canonical = `0x${'0'.repeat(63)}3::gas_coin::RGas`;
const gas = 1000n;

// The packages talk; what is said here is TAP.
const say = text => process.stdout.write(`${text}\n`);
DebugLogger.setGlobalLevel?.('silent');
for (const name of ['log', 'info', 'debug', 'warn', 'error']) console[name] = () => {};

let count = 0;
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
  }
}

async function control(path, body) {
  const answer = await fetch(`${rpcUrl}/devnode/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  assert.equal(answer.status, 200, await answer.text());
}

async function rejects(promise, pattern) {
  await assert.rejects(promise, error => pattern.test(`${error.code} ${error.message} ${JSON.stringify(error.details ?? {})}`) || assert.fail(error));
}

const client = new RoochClient({ url: rpcUrl });
const vdr = new RoochVDR({ rpcUrl, network: 'local' });
const registry = VDRRegistry.getInstance();
registry.registerVDR(vdr);
const env = { rpcUrl, network: 'local', vdrRegistry: registry, roochVDR: vdr, fundAccount: async () => {} };
const channels = new RoochPaymentChannelContract({ rpcUrl, network: 'local' });
const revenue = new RoochPaymentRevenueContract({ rpcUrl, network: 'local' });

let payer, payee, custodian, channelId;
const address = did => did.slice('did:rooch:'.length);
const call = (signer, target, args, typeArgs = []) => {
  const transaction = new Transaction();
  transaction.callFunction({ target, args, typeArgs, maxGas: 100000000 });
  return client.signAndExecuteTransaction({ transaction, signer, option: { withOutput: true } });
};
const status = async promise => (await promise).execution_info.status;

await step('the node tells chain id and API version', async () => {
  assert.equal(String(await client.getChainId()), '4');
  assert.match(await client.getRpcApiVersion(), /^\d+\./);
});

await step('an unknown account has no coins and sequence number 0', async () => {
  const stranger = Secp256k1Keypair.generate().getRoochAddress();
  assert.equal((await client.getBalance({ owner: stranger.toStr(), coinType: asset })).balance, '0');
  assert.equal(String(await client.getSequenceNumber(stranger.toHexAddress())), '0');
});

await step('identity-kit creates a DID with its Bitcoin account', async () => {
  payer = await createSelfDid(env);
  payee = await createSelfDid(env);
  assert.match(payer.did, /^did:rooch:rooch1/);
  assert.notEqual(payer.did, payee.did);
});

await step('the document can be read, and its existence asked for', async () => {
  const doc = await vdr.resolve(payer.did);
  assert.equal(doc.id, payer.did);
  assert.deepEqual(doc.authentication, [`${payer.did}#account-key`]);
  assert.equal(doc.verificationMethod[0].type, 'EcdsaSecp256k1VerificationKey2019');
  assert.equal(await vdr.exists(payer.did), true);
  const nobody = Secp256k1Keypair.generate().getRoochAddress().toBech32Address();
  assert.equal(await vdr.exists(`did:rooch:${nobody}`), false);
  assert.equal(await vdr.resolve(`did:rooch:${nobody}`), null);
});

await step('keys of all types can be added, used, and removed', async () => {
  for (const type of [KeyType.ED25519, KeyType.ECDSAR1, KeyType.SECP256K1]) {
    const pair = await CryptoUtils.generateKeyPair(type);
    const fragment = `key-${type.slice(0, 9)}`;
    const done = await vdr.addVerificationMethod(
      payer.did,
      {
        id: `${payer.did}#${fragment}`,
        type,
        controller: payer.did,
        publicKeyMultibase: MultibaseCodec.encodeBase58btc(pair.publicKey),
      },
      ['authentication', 'capabilityDelegation'],
      { signer: payer.signer }
    );
    assert.equal(done, true, `add ${type}`);
    const keys = KeyManager.createEmpty(payer.did, new MemoryKeyStore());
    const keyId = await keys.importKeyPair(fragment, pair, type);
    const signer = await DidAccountSigner.create(keys, keyId);
    // half of the signatures that the package makes with P-256 have a high S, which the chain refuses
    let removed = false;
    for (let i = 0; i < 20 && !removed; i++)
      removed = await vdr.removeVerificationMethod(payer.did, `${payer.did}#${fragment}`, { signer });
    assert.equal(removed, true, `remove ${type}`);
  }
  assert.equal((await vdr.resolve(payer.did)).verificationMethod.length, 1);
});

await step('services come and go; a custodian makes a DID for a did:key', async () => {
  custodian = await createCadopCustodian(env, {});
  const doc = await vdr.resolve(custodian.did);
  assert.equal(doc.service[0].type, 'CadopCustodianService');
  for (const userKeyType of [KeyType.ED25519, KeyType.ECDSAR1]) {
    const user = await createDidViaCadop(env, custodian, { userKeyType });
    const made = await vdr.resolve(user.did);
    assert.match(made.controller[0], /^did:key:z/);
    assert.equal(made.verificationMethod.length, 2);
    assert.equal(made.verificationMethod[0].type, userKeyType);
  }
  assert.equal(await vdr.removeService(custodian.did, `${custodian.did}#cadop-custodian`, { signer: custodian.signer }), true);
  const pair = await CryptoUtils.generateKeyPair(KeyType.ED25519);
  const refused = await vdr.createViaCADOP(
    {
      userDidKey: DidKeyCodec.generateDidKey(pair.publicKey, KeyType.ED25519),
      custodianServicePublicKey: doc.verificationMethod[0].publicKeyMultibase,
      custodianServiceVMType: doc.verificationMethod[0].type,
    },
    { signer: custodian.signer }
  );
  assert.equal(refused.success, false);
  assert.match(refused.error, /"abort_code":"29"/);
});

const hub = () => new PaymentHubClient({ contract: channels, signer: payer.signer, defaultAssetId: asset });

await step('a deposit fills the payment hub', async () => {
  assert.equal(await hub().getBalance(), 0n);
  await hub().deposit(asset, 500000000n);
  assert.equal(await hub().getBalance(), 500000000n);
  assert.deepEqual(await hub().getAllBalances(), { [canonical]: 500000000n });
  assert.deepEqual(await hub().getActiveChannelsCounts(), {});
});

await step('a transaction that the account cannot pay is refused by the rules, not by the client', async () => {
  await rejects(hub().deposit(asset, 10n ** 30n), /abort/i);
});

await step('open a channel with its sub-channel', async () => {
  const opened = await channels.openChannelWithSubChannel({
    payerDid: payer.did, payeeDid: payee.did, assetId: asset, vmIdFragment: 'account-key', signer: payer.signer,
  });
  channelId = opened.channelId;
  const info = await channels.getChannelStatus({ channelId });
  assert.deepEqual(
    { ...info },
    { channelId, payerDid: payer.did, payeeDid: payee.did, assetId: canonical, epoch: 0n, status: 'active' }
  );
  const sub = await channels.getSubChannel({ channelId, vmIdFragment: 'account-key' });
  assert.equal(sub.lastClaimedAmount, 0n);
  assert.equal(sub.lastConfirmedNonce, 0n);
  assert.equal(sub.methodType, 'EcdsaSecp256k1VerificationKey2019');
  assert.deepEqual(await hub().getActiveChannelsCounts(), { [canonical]: 1 });
  await rejects(channels.openChannel({ payerDid: payer.did, payeeDid: payee.did, assetId: asset, signer: payer.signer }), /18|EXISTS/);
  await rejects(channels.getSubChannel({ channelId, vmIdFragment: 'no-such-key' }), /not found/);
});

async function voucher(amount, nonce, epoch = 0n) {
  return SubRAVSigner.sign(
    { version: 1, chainId: 4n, channelId, channelEpoch: epoch, vmIdFragment: 'account-key', accumulatedAmount: amount, nonce },
    payer.signer,
    `${payer.did}#account-key`
  );
}

await step('a claim moves what the voucher adds', async () => {
  const before = await hub().getBalance();
  await channels.claimFromChannel({ signedSubRAV: await voucher(1000000n, 1n), signer: payee.signer });
  await channels.claimFromChannel({ signedSubRAV: await voucher(1500000n, 7n), signer: payee.signer });
  await channels.claimFromChannel({ signedSubRAV: await voucher(1500000n, 7n), signer: payee.signer });
  const sub = await channels.getSubChannel({ channelId, vmIdFragment: 'account-key' });
  assert.equal(sub.lastClaimedAmount, 1500000n);
  assert.equal(sub.lastConfirmedNonce, 7n);
  assert.equal(before - (await hub().getBalance()), 1500000n);
  assert.equal(await revenue.getRevenueBalance(payee.did, asset), 1500000n);
});

await step('vouchers that go back, or are not the payer\'s, are refused', async () => {
  await rejects(channels.claimFromChannel({ signedSubRAV: await voucher(1400000n, 8n), signer: payee.signer }), /"abort_code":"8"/);
  await rejects(channels.claimFromChannel({ signedSubRAV: await voucher(1600000n, 6n), signer: payee.signer }), /"abort_code":"7"/);
  await rejects(channels.claimFromChannel({ signedSubRAV: await voucher(1600000n, 9n, 1n), signer: payee.signer }), /"abort_code":"3"/);
  await rejects(channels.claimFromChannel({ signedSubRAV: await voucher(10n ** 20n, 9n), signer: payee.signer }), /multi_coin_store/);
});

await step('revenue can be withdrawn', async () => {
  const client = new PaymentRevenueClient({ contract: revenue, signer: payee.signer, defaultAssetId: asset });
  assert.equal(await client.revenueHubExists(), true);
  await client.withdraw(asset, 500000n);
  assert.equal(await client.getRevenueBalance(), 1000000n);
  await rejects(client.withdraw(asset, 5000000n), /payment_revenue/);
});

await step('a cooperative close pays and raises the epoch; the channel can be opened again', async () => {
  const signed = await voucher(2000000n, 8n);
  await channels.closeChannel({
    channelId,
    cooperative: true,
    closeProofs: {
      proofs: [{
        vm_id_fragment: 'account-key', accumulated_amount: 2000000n, nonce: 8n,
        sender_signature: Array.from(signed.signature),
      }],
    },
    signer: payee.signer,
  });
  let info = await channels.getChannelStatus({ channelId });
  assert.equal(info.status, 'closed');
  assert.equal(info.epoch, 1n);
  assert.deepEqual(await hub().getActiveChannelsCounts(), {});
  assert.equal(await revenue.getRevenueBalance(payee.did, asset), 1500000n);
  await channels.openChannel({ payerDid: payer.did, payeeDid: payee.did, assetId: asset, signer: payer.signer });
  info = await channels.getChannelStatus({ channelId });
  assert.equal(info.status, 'active');
  assert.equal((await channels.getSubChannel({ channelId, vmIdFragment: 'account-key' })).lastClaimedAmount, 2000000n);
});

await step('the payer cancels, the receiver disputes, after a day it is over', async () => {
  await channels.closeChannel({ channelId, cooperative: false, signer: payer.signer });
  assert.equal((await channels.getChannelStatus({ channelId })).status, 'closing');
  const signed = await voucher(2500000n, 9n, 1n);
  await rejects(channels.claimFromChannel({ signedSubRAV: signed, signer: payee.signer }), /"abort_code":"2"/);
  const dispute = await status(call(payee.signer, '0x3::payment_channel::dispute_cancellation_entry', [
    Args.objectId(channelId), Args.string('account-key'), Args.u256(2500000n), Args.u64(9n), Args.vec('u8', Array.from(signed.signature)),
  ]));
  assert.equal(dispute.type, 'executed');
  const early = await status(call(payee.signer, '0x3::payment_channel::finalize_cancellation_entry', [Args.objectId(channelId)]));
  assert.deepEqual(early, { type: 'moveabort', location: '0x3::payment_channel', abort_code: '10' });
  await control('clock', { advance_ms: 86400000 });
  const late = await status(call(payee.signer, '0x3::payment_channel::finalize_cancellation_entry', [Args.objectId(channelId)]));
  assert.equal(late.type, 'executed');
  const info = await channels.getChannelStatus({ channelId });
  assert.equal(info.status, 'closed');
  assert.equal(info.epoch, 2n);
  assert.equal(await revenue.getRevenueBalance(payee.did, asset), 2000000n);
});

await step('money goes from hub to hub, and back to the account', async () => {
  const before = await hub().getBalance();
  await hub().withdraw(asset, 1000000n);
  assert.equal(before - (await hub().getBalance()), 1000000n + gas);
  const moved = await status(call(payer.signer, '0x3::payment_channel::transfer_to_hub_entry',
    [Args.address(address(payee.did)), Args.u256(777n)], [asset]));
  assert.equal(moved.type, 'executed');
  assert.equal(await hub().getBalance({ ownerDid: payee.did }), 777n);
});

await step('gas comes from the hub first', async () => {
  const before = await hub().getBalance();
  const result = await call(payer.signer, '0x3::payment_channel::create_payment_hub', []);
  assert.equal(result.execution_info.gas_used, String(gas));
  assert.equal(before - (await hub().getBalance()), gas);
});

await step('the faucet gives', async () => {
  const owner = address(payee.did);
  const before = BigInt((await client.getBalance({ owner, coinType: asset })).balance);
  assert.equal((await status(call(payee.signer, '0x3::gas_coin::faucet_entry', [Args.u256(5000000000n)]))).type, 'executed');
  const after = BigInt((await client.getBalance({ owner, coinType: asset })).balance);
  assert.ok(after - before > 4999990000n && after - before <= 5000000000n);
});

await step('transactions can be looked up and events listed', async () => {
  const result = await call(payer.signer, '0x3::payment_channel::create_payment_hub', []);
  const hash = result.execution_info.tx_hash;
  const [found, missing] = await client.getTransport().request({
    method: 'rooch_getTransactionsByHash', params: [[hash, `0x${'00'.repeat(32)}`]],
  });
  assert.equal(found.execution_info.tx_hash, hash);
  assert.equal(found.execution_info.status.type, 'executed');
  assert.equal(missing, null);
  const page = await client.getEvents({ eventHandle: '0x3::did::DIDCreatedEvent', limit: '2' });
  assert.equal(page.data.length, 2);
  assert.equal(page.has_next_page, true);
});

await step('a transaction that is not in turn is refused with the number that the packages read', async () => {
  const stale = new Transaction();
  stale.callFunction({ target: '0x3::payment_channel::create_payment_hub', args: [], typeArgs: [], maxGas: 100000000 });
  const sender = payer.signer.getRoochAddress().toHexAddress();
  stale.setChainId(4n);
  stale.setSeqNumber(0n);
  stale.setSender(sender);
  stale.setAuth(await payer.signer.signTransaction(stale));
  await assert.rejects(
    client.getTransport().request({ method: 'rooch_executeRawTransaction', params: [`0x${stale.encode().toHex()}`, { withOutput: true }] }),
    /sub status 1001/
  );
});

await step('faults reach the packages as what they are', async () => {
  await control('fault', { kind: 'maintenance' });
  await rejects(hub().deposit(asset, 1n), /maintenance|MAINTENANCE|UNAVAILABLE/i);
  await control('fault', { kind: 'refuse', method: 'rooch_executeRawTransaction', value: 1004 });
  await rejects(hub().deposit(asset, 1n), /INSUFFICIENT|1004/);
  await control('fault', { kind: 'http' });
  await assert.rejects(client.getTransport().request({ method: 'rooch_getChainID', params: [] }));
  assert.equal(String(await client.getTransport().request({ method: 'rooch_getChainID', params: [] })), '4');
});

say(`1..${count}`);
process.exit(failed ? 1 : 0);
