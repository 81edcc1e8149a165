/** One shard: a single writer with its own thread, immutable snapshots for searches, recovery, and the pools they share. */
@NullMarked
package dev.shaula.shard;

import org.jspecify.annotations.NullMarked;
