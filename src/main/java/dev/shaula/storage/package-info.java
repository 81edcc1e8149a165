/** The log and payload store of one shard on disk: what was acknowledged is here, or the damage is named. */
@NullMarked
package dev.shaula.storage;

import org.jspecify.annotations.NullMarked;
