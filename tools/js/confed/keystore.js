// A delegate's key in this browser: it can sign here, and cannot be taken out (WebCrypto, IndexedDB).
// A browser that cannot keep or use one is Unfit: `no-webcrypto`, `no-ed25519` or `no-storage`.

import { verify as verifyEd25519 } from "./ed25519.js";
import { Unfit } from "./errors.js";

const DATABASE = "confed";
const STORE = "keys";
const NAME = "delegate";

function subtle() {
  const found = globalThis.crypto?.subtle;
  if (found === undefined) throw new Unfit("no-webcrypto");
  return found;
}

const done = (request) =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** `work` on the store of keys, in one transaction that is kept before this returns. */
async function inStore(mode, work) {
  try {
    const opening = globalThis.indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    const database = await done(opening);
    try {
      const transaction = database.transaction(STORE, mode);
      const kept = new Promise((resolve, reject) => {
        transaction.oncomplete = resolve;
        transaction.onabort = () => reject(transaction.error);
      });
      const [result] = await Promise.all([done(work(transaction.objectStore(STORE))), kept]);
      return result;
    } finally {
      database.close();
    }
  } catch (error) {
    throw new Unfit("no-storage", error);
  }
}

const publicOf = async ({ publicKey }) =>
  new Uint8Array(await subtle().exportKey("raw", publicKey));

/** {key: the public key's 32 bytes, sign(message)} of the key that lies here, or null. */
export async function storedKey() {
  subtle();
  const pair = await inStore("readonly", (store) => store.get(NAME));
  return pair === undefined ? null : opened(pair);
}

/** Make a key, once: one that is here is never replaced. */
export async function makeKey() {
  const there = await storedKey();
  if (there !== null) return there;
  let pair;
  try {
    pair = await subtle().generateKey("Ed25519", false, ["sign", "verify"]);
  } catch (error) {
    throw new Unfit("no-ed25519", error);
  }
  // `add` fails where another tab was quicker, and then that tab's key is the one that stays.
  await inStore("readwrite", (store) => store.add(pair, NAME));
  await globalThis.navigator.storage?.persist?.();
  return opened(await inStore("readonly", (store) => store.get(NAME)));
}

async function opened(pair) {
  const key = await publicOf(pair);
  return {
    key,
    /** The signature over a message; verified here, as others will. */
    async sign(message) {
      const made = await subtle().sign("Ed25519", pair.privateKey, message);
      const signature = new Uint8Array(made);
      await verifyEd25519(key, message, signature);
      return signature;
    },
  };
}
