// SCRAM-SHA-256 (RFC 7677) for @xmpp/client 0.14, which knows SCRAM-SHA-1 and PLAIN: many servers offer no SHA-1 any more.

const encoder = new TextEncoder();
const MOST_ROUNDS = 1_000_000;

/** @param {Uint8Array} bytes */
const encode = (bytes) => btoa(String.fromCharCode(...bytes));
/** @param {string} text */
const decode = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

/**
 * @param {BufferSource} key
 * @param {string} text
 */
async function hmac(key, text) {
  const made = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", made, encoder.encode(text)));
}

export class ScramSha256 {
  clientFirst = true;
  nonce = encode(crypto.getRandomValues(new Uint8Array(18)));
  challenged = "";

  /** @param {string} challenge */
  async challenge(challenge) {
    this.challenged = challenge;
  }

  /** @param {{username: string, password: string}} credentials */
  async response({ username, password }) {
    const first = `n=${username.replace(/=/g, "=3D").replace(/,/g, "=2C")},r=${this.nonce}`;
    return this.challenged ? this.final(first, password) : `n,,${first}`;
  }

  /**
   * @param {string} first
   * @param {string} password
   */
  async final(first, password) {
    const [, nonce = "", salt = "", rounds = "0"] = /^r=([^,]+),s=([^,]+),i=([0-9]+)/.exec(this.challenged) ?? [];
    const iterations = Number(rounds);
    if (!nonce.startsWith(this.nonce) || iterations < 4096 || iterations > MOST_ROUNDS) {
      throw new Error("the server's SCRAM challenge is wrong");
    }
    const secret = await crypto.subtle.importKey("raw", encoder.encode(password.normalize("NFKC")), "PBKDF2", false, ["deriveBits"]);
    const how = { name: "PBKDF2", hash: "SHA-256", salt: decode(salt), iterations };
    const client = await hmac(await crypto.subtle.deriveBits(how, secret, 256), "Client Key");
    const said = `c=biws,r=${nonce}`;
    const signature = await hmac(await crypto.subtle.digest("SHA-256", client), `${first},${this.challenged},${said}`);
    return `${said},p=${encode(client.map((byte, at) => byte ^ signature[at]))}`;
  }
}
Object.defineProperty(ScramSha256.prototype, "name", { value: "SCRAM-SHA-256" });
