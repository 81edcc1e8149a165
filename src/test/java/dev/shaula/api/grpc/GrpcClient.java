package dev.shaula.api.grpc;

import com.google.protobuf.ByteString;
import com.google.protobuf.Message;
import dev.shaula.api.grpc.v1.CountRequest;
import dev.shaula.api.grpc.v1.CountResponse;
import dev.shaula.api.grpc.v1.CreateCollectionRequest;
import dev.shaula.api.grpc.v1.CreateCollectionResponse;
import dev.shaula.api.grpc.v1.Metric;
import dev.shaula.api.grpc.v1.Point;
import dev.shaula.api.grpc.v1.UpsertRequest;
import dev.shaula.api.grpc.v1.UpsertResponse;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.restassured.RestAssured;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** Calls by the name of their method; the default deadline makes a hang a failure. */
public final class GrpcClient implements AutoCloseable {
    private @Nullable ManagedChannel channel;

    /** To the server under test, whose port is known when a test runs. */
    private synchronized ManagedChannel channel() {
        ManagedChannel open = channel;
        if (open == null) {
            open = NettyChannelBuilder.forAddress("127.0.0.1", RestAssured.port)
                    .usePlaintext()
                    .build();
            channel = open;
        }
        return open;
    }

    static <Q extends Message, A extends Message> MethodDescriptor<Q, A> method(
            MethodType type, String name, Q question, A answer) {
        return MethodDescriptor.<Q, A>newBuilder()
                .setType(type)
                .setFullMethodName(name)
                .setRequestMarshaller(ProtoUtils.marshaller(question))
                .setResponseMarshaller(ProtoUtils.marshaller(answer))
                .build();
    }

    /** A unary call; {@code answer} is any instance of what comes back. */
    public <Q extends Message, A extends Message> A call(String name, Q question, A answer) {
        return call(name, question, answer, CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS));
    }

    @SuppressWarnings("unchecked") // the default instance of a message is of its class
    <Q extends Message, A extends Message> A call(String name, Q question, A answer, CallOptions options) {
        Q prototype = (Q) question.getDefaultInstanceForType();
        return ClientCalls.blockingUnaryCall(
                channel(), method(MethodType.UNARY, name, prototype, answer), options, question);
    }

    /** The messages of a stream that the server sends, one after the other as they are asked for. */
    @SuppressWarnings("unchecked") // the default instance of a message is of its class
    public <Q extends Message, A extends Message> Iterator<A> stream(String name, Q question, A answer) {
        Q prototype = (Q) question.getDefaultInstanceForType();
        return ClientCalls.blockingServerStreamingCall(
                channel(),
                method(MethodType.SERVER_STREAMING, name, prototype, answer),
                CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS),
                question);
    }

    <Q extends Message, A extends Message> ClientCall<Q, A> open(String name, Q question, A answer) {
        return open(MethodType.BIDI_STREAMING, name, question, answer);
    }

    <Q extends Message, A extends Message> ClientCall<Q, A> open(MethodType type, String name, Q question, A answer) {
        return channel()
                .newCall(
                        method(type, name, question, answer),
                        CallOptions.DEFAULT.withDeadlineAfter(60, TimeUnit.SECONDS));
    }

    public void create(String name, int dimensions, Metric metric) {
        CreateCollectionRequest request = CreateCollectionRequest.newBuilder()
                .setName(name)
                .setDimensions(dimensions)
                .setMetric(metric)
                .build();
        call("shaula.v1.Collections/Create", request, CreateCollectionResponse.getDefaultInstance());
    }

    public int upsert(String collection, List<Point> points) {
        UpsertRequest request = UpsertRequest.newBuilder()
                .setCollection(collection)
                .addAllPoints(points)
                .build();
        return call("shaula.v1.Vectors/Upsert", request, UpsertResponse.getDefaultInstance())
                .getCount();
    }

    long count(String collection) {
        CountRequest request =
                CountRequest.newBuilder().setCollection(collection).build();
        return call("shaula.v1.Vectors/Count", request, CountResponse.getDefaultInstance())
                .getCount();
    }

    static Point point(String id, float... vector) {
        return Point.newBuilder().setId(id).setVector(packed(vector)).build();
    }

    public static ByteString packed(float... vector) {
        return VectorFields.packed(vector);
    }

    @Override
    public synchronized void close() {
        if (channel != null) {
            channel.shutdownNow();
        }
    }
}
