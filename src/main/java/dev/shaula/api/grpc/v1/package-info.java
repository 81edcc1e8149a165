/** The messages of {@code shaula.v1}, generated from {@code src/main/proto}: protobuf gives empty values, never null. */
@NullMarked
package dev.shaula.api.grpc.v1;

import org.jspecify.annotations.NullMarked;
