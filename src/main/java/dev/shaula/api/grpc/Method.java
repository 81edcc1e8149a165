package dev.shaula.api.grpc;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import java.util.function.Consumer;

/**
 * One method of a service.
 *
 * @param path as in the request line: {@code /package.Service/Method}
 * @param parser of the messages that the client sends
 * @param handler starts a call; on the event loop of its connection, which it must not block
 */
record Method<Q, A extends MessageLite>(String path, Parser<Q> parser, Consumer<Call<Q, A>> handler) {}
