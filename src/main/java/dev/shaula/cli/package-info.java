/** The command line: starts the service, and is a client of it over HTTP for everything else. */
@NullMarked
package dev.shaula.cli;

import org.jspecify.annotations.NullMarked;
