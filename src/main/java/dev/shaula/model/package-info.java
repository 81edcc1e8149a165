/** Records and sealed types that pass between rooms; depends on nothing but the JDK. */
@NullMarked
package dev.shaula.model;

import org.jspecify.annotations.NullMarked;
