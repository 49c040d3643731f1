// For drizzle-kit, which makes a mailbox's migrations of its schema: `npm run migrations`. Its `driver` is left out, so that
// it does not write the script that applies them: durable-objects/mailbox/migrate.ts does.

import { defineConfig } from 'drizzle-kit'

export default defineConfig({
  dialect: 'sqlite',
  casing: 'snake_case',
  schema: './durable-objects/mailbox/schema.ts',
  out: './durable-objects/mailbox/migrations',
})
