// SPDX-License-Identifier: Apache-2.0
// What the packages expect of a newer node than Debian's: to be imported before them.
import { webcrypto } from 'node:crypto';
import { File } from 'node:buffer';

globalThis.crypto ??= webcrypto;
globalThis.CryptoKey ??= webcrypto.CryptoKey;
globalThis.File ??= File;
