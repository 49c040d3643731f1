// For drizzle-kit, which makes a shard's migrations of its schema: `npm run migrations`. As drizzle.config.ts does a mailbox's;
// what it makes needs WITHOUT ROWID put in where durable-objects/dht/schema.ts says so.

import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'sqlite',
  casing: 'snake_case',
  schema: './durable-objects/dht/schema.ts',
  out: './durable-objects/dht/migrations',
})
