CREATE TABLE `letters` (
	`seq` integer PRIMARY KEY NOT NULL,
	`id` blob NOT NULL,
	`priority` integer NOT NULL,
	`stranger` integer NOT NULL,
	`bytes` integer NOT NULL,
	`hour` integer NOT NULL,
	`expires_at_ms` integer NOT NULL,
	`envelope` blob NOT NULL
);
--> statement-breakpoint
CREATE TABLE `one_time_prekeys` (
	`place` integer PRIMARY KEY NOT NULL,
	`publication` integer NOT NULL,
	`bytes` blob NOT NULL
);
--> statement-breakpoint
CREATE TABLE `owners` (
	`one` integer PRIMARY KEY NOT NULL,
	`strangers` integer NOT NULL,
	`keys` blob NOT NULL
);
--> statement-breakpoint
CREATE TABLE `publications` (
	`number` integer PRIMARY KEY NOT NULL,
	`head` blob NOT NULL
);
