// WebCrypto as far as it is used here, as a type: protocol/ knows no platform, hosts pass theirs in. Names of the modern
// algorithms (WICG webcrypto-modern-algos) are those workerd, Node and Chromium agree on, 2026-11.

export type SubtleKey = object

export interface Subtle {
  digest(name: 'SHA-256', data: Uint8Array): Promise<ArrayBuffer>
  importKey(
    format: string,
    bytes: Uint8Array | object,
    algorithm: string | object,
    extractable: boolean,
    usages: string[],
  ): Promise<SubtleKey>
  exportKey(
    format: string,
    key: SubtleKey,
  ): Promise<ArrayBuffer | { readonly x?: string; readonly pub?: string }>
  sign(algorithm: string | object, key: SubtleKey, data: Uint8Array): Promise<ArrayBuffer>
  verify(
    algorithm: string | object,
    key: SubtleKey,
    signature: Uint8Array,
    data: Uint8Array,
  ): Promise<boolean>
  encrypt(algorithm: object, key: SubtleKey, data: Uint8Array): Promise<ArrayBuffer>
  decrypt(algorithm: object, key: SubtleKey, data: Uint8Array): Promise<ArrayBuffer>
  deriveBits(algorithm: object, key: SubtleKey, length: number): Promise<ArrayBuffer>
  generateKey(
    algorithm: string | object,
    extractable: boolean,
    usages: string[],
  ): Promise<{ readonly publicKey: SubtleKey; readonly privateKey: SubtleKey }>
  encapsulateBits?(
    algorithm: string | object,
    key: SubtleKey,
  ): Promise<{ readonly sharedKey: ArrayBuffer; readonly ciphertext: ArrayBuffer }>
  decapsulateBits?(algorithm: string | object, key: SubtleKey, ciphertext: Uint8Array): Promise<ArrayBuffer>
  getPublicKey?(key: SubtleKey, usages: string[]): Promise<SubtleKey>
}
