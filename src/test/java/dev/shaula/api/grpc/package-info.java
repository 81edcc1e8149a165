/** Tests of the gRPC door with the client of grpc-java: another implementation of the protocol than ours. */
@NullMarked
package dev.shaula.api.grpc;

import org.jspecify.annotations.NullMarked;
