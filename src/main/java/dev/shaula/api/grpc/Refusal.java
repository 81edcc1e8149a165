package dev.shaula.api.grpc;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.rpc.Code;
import com.google.rpc.ErrorInfo;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import dev.shaula.api.wire.Failure;
import dev.shaula.model.VectorDbException;

/** Failures as gRPC tells them: the one place where what went wrong becomes a code with its details. */
final class Refusal {
    private static final String DOMAIN = "shaula";

    private Refusal() {}

    /** The status of a failure: a reason for programs, and when to try again if that helps. */
    static Status of(Throwable thrown) {
        return of(Failure.of(thrown));
    }

    static Status of(Failure failure) {
        Status.Builder status =
                Status.newBuilder().setCode(code(failure.status()).getNumber()).setMessage(failure.text());
        status.addDetails(Any.pack(ErrorInfo.newBuilder()
                .setReason(reason(failure.status()))
                .setDomain(DOMAIN)
                .build()));
        if (failure.retryAfterSeconds() > 0) {
            Duration delay = Duration.newBuilder()
                    .setSeconds(failure.retryAfterSeconds())
                    .build();
            status.addDetails(
                    Any.pack(RetryInfo.newBuilder().setRetryDelay(delay).build()));
        }
        return status.build();
    }

    /** A status of the protocol itself, without details. */
    static Status plain(Code code, String text) {
        return Status.newBuilder().setCode(code.getNumber()).setMessage(text).build();
    }

    private static Code code(int httpStatus) {
        return switch (httpStatus) {
            case 400 -> Code.INVALID_ARGUMENT;
            case 404 -> Code.NOT_FOUND;
            case 408, 504 -> Code.DEADLINE_EXCEEDED;
            case 409 -> Code.ALREADY_EXISTS;
            // What gRPC itself says of a message that is too long; no RetryInfo: it stays so.
            case 413, 429, 507 -> Code.RESOURCE_EXHAUSTED;
            case 503 -> Code.UNAVAILABLE;
            default -> Code.INTERNAL;
        };
    }

    private static String reason(int httpStatus) {
        for (VectorDbException.Kind kind : VectorDbException.Kind.values()) {
            if (kind.httpStatus() == httpStatus) {
                return kind.name();
            }
        }
        return VectorDbException.Kind.INTERNAL.name();
    }
}
