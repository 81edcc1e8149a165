/** The gRPC door: calls of {@code shaula.v1} over the HTTP/2 of the one port, paced by demand in both directions. */
@NullMarked
package dev.shaula.api.grpc;

import org.jspecify.annotations.NullMarked;
