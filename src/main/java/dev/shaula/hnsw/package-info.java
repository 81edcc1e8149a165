/** The navigable graph: flat edge arrays in copy-on-write pages, their builder and their searcher; sees scorers, not vectors. */
@NullMarked
package dev.shaula.hnsw;

import org.jspecify.annotations.NullMarked;
