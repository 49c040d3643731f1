CREATE TABLE `heads` (
	`id` blob PRIMARY KEY NOT NULL,
	`peer` blob NOT NULL,
	`uses` integer NOT NULL,
	`bytes` blob NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `providers` (
	`key` blob NOT NULL,
	`peer` blob NOT NULL,
	`head` blob NOT NULL,
	`place` integer NOT NULL,
	`region` text NOT NULL,
	`created_ms` integer NOT NULL,
	`expires_at_ms` integer NOT NULL,
	`ends_at_ms` integer NOT NULL,
	`path` blob NOT NULL,
	PRIMARY KEY(`key`, `peer`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `records` (
	`slot` integer NOT NULL,
	`key` blob NOT NULL,
	`owner` blob NOT NULL,
	`sequence` blob NOT NULL,
	`digest` blob NOT NULL,
	`expires_at_ms` integer NOT NULL,
	`ends_at_ms` integer NOT NULL,
	`bytes` blob NOT NULL,
	PRIMARY KEY(`slot`, `key`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `splits` (
	`prefix` text PRIMARY KEY NOT NULL,
	`at_ms` integer NOT NULL,
	`told` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `states` (
	`one` integer PRIMARY KEY NOT NULL,
	`records` integer NOT NULL,
	`is_parent_drained` integer NOT NULL,
	`is_drained` integer NOT NULL
);
--> statement-breakpoint
CREATE TABLE `usages` (
	`owner` blob PRIMARY KEY NOT NULL,
	`records` integer NOT NULL,
	`bytes` integer NOT NULL
) WITHOUT ROWID;
