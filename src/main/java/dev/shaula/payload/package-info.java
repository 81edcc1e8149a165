/** What a filter accepts: conditions on metadata, decided row by row. */
@NullMarked
package dev.shaula.payload;

import org.jspecify.annotations.NullMarked;
