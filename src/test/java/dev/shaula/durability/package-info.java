/** Proofs of durability: real processes that are killed, starved and damaged, and clients that remember every answer. */
@NullMarked
package dev.shaula.durability;

import org.jspecify.annotations.NullMarked;
