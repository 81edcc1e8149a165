/** The side-by-side harness: the same vectors and questions for Shaula's engine and its peers, each in a process of its own. */
@NullMarked
package dev.shaula.sidebyside;

import org.jspecify.annotations.NullMarked;
