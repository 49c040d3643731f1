// The exceptions to the architecture rules. Each says why; one that nothing needs any more fails the test, so the list
// only ever holds what is true today.

/** From the key of a violation (`rule path`, or `rule path#name`) to the reason it is right there. */
export const EXCEPTIONS: Readonly<Record<string, string>> = {
  'imports protocol/crypto/blake3.ts':
    'BLAKE3 is in no platform, and a value may be under a digest by it: noble again, apart from the lattices',
  'imports protocol/crypto/pure.ts':
    'lattices and ciphers come from noble, which is made for it; everything else sees the port in suite.ts',
}
