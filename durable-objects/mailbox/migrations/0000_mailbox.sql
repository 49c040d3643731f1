CREATE TABLE `lots` (
	`place` integer PRIMARY KEY NOT NULL,
	`counted` integer NOT NULL,
	`heads` blob NOT NULL,
	`counts` text NOT NULL,
	`envelopes` blob NOT NULL
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
