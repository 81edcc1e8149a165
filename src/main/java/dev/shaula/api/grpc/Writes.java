package dev.shaula.api.grpc;

import com.google.protobuf.Timestamp;
import dev.shaula.api.grpc.v1.Condition;
import dev.shaula.api.grpc.v1.DeleteRequest;
import dev.shaula.api.grpc.v1.DeleteResponse;
import dev.shaula.api.grpc.v1.UpdateMetadataRequest;
import dev.shaula.api.grpc.v1.UpdateMetadataResponse;
import dev.shaula.api.grpc.v1.UpsertResponse;
import dev.shaula.api.wire.Fragments;
import dev.shaula.api.wire.Ids;
import dev.shaula.api.wire.MetadataRequest;
import dev.shaula.api.wire.PointsTarget;
import dev.shaula.api.wire.UpsertRequest;
import dev.shaula.model.Expiry;
import dev.shaula.model.Limits;
import dev.shaula.model.Metadata;
import dev.shaula.model.MetadataChange;
import dev.shaula.model.Point;
import dev.shaula.model.PointVersion;
import dev.shaula.model.Precondition;
import dev.shaula.model.VectorDbException;
import dev.shaula.model.WriteResult;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Messages of writes to model records, and their results back. Any thread. */
final class Writes {
    private Writes() {}

    /** @throws VectorDbException naming what is wrong */
    static UpsertRequest upsert(dev.shaula.api.grpc.v1.UpsertRequest request) {
        if (request.getPointsCount() > Limits.MAX_UPSERT_POINTS) {
            throw VectorDbException.tooLarge(
                    "points: expected at most " + Limits.MAX_UPSERT_POINTS + ", got " + request.getPointsCount());
        }
        return new UpsertRequest(
                Messages.collection(request.getCollection()),
                points(request.getPointsList()),
                conditions(request),
                Messages.ack(request.getAck()),
                false);
    }

    /** The points of one message. @throws VectorDbException (invalid) naming the point and the field */
    static List<Point> points(List<dev.shaula.api.grpc.v1.Point> given) {
        if (given.isEmpty()) {
            throw VectorDbException.invalid("points: expected at least one, got none");
        }
        List<Point> points = new ArrayList<>(given.size());
        int length = 0;
        for (int i = 0; i < given.size(); i++) {
            Point point = point(given.get(i), "points[" + i + "].");
            length = i == 0 ? point.vector().length : length;
            Messages.checkLength("points[" + i + "].", length, point.vector().length);
            points.add(point);
        }
        return points;
    }

    private static Point point(dev.shaula.api.grpc.v1.Point given, String place) {
        String id = Ids.check(given.getId(), place + "id");
        float[] vector = VectorFields.of(given.getVector(), given.getValuesList(), place);
        try {
            return new Point(id, vector, metadata(given)).withExpiry(expiry(given));
        } catch (VectorDbException e) {
            throw VectorDbException.invalid(place + e.getMessage());
        }
    }

    private static Metadata metadata(dev.shaula.api.grpc.v1.Point given) {
        return switch (given.getMetadataFormCase()) {
            case METADATA -> Fragments.metadata(Structs.toJson(given.getMetadata()));
            case METADATA_JSON ->
                Fragments.metadata(given.getMetadataJsonBytes().toByteArray());
            case METADATAFORM_NOT_SET -> Metadata.EMPTY;
        };
    }

    private static Expiry expiry(dev.shaula.api.grpc.v1.Point given) {
        return switch (given.getExpiryCase()) {
            case EXPIRES_AT -> expiry(given.getExpiresAt());
            case TTL_SECONDS -> expiry(given.getTtlSeconds());
            case NEVER_EXPIRES -> given.getNeverExpires() ? Expiry.NEVER : Expiry.UNCHANGED;
            case EXPIRY_NOT_SET -> Expiry.UNCHANGED;
        };
    }

    private static Expiry expiry(UpdateMetadataRequest given) {
        return switch (given.getExpiryCase()) {
            case EXPIRES_AT -> expiry(given.getExpiresAt());
            case TTL_SECONDS -> expiry(given.getTtlSeconds());
            case NEVER_EXPIRES -> given.getNeverExpires() ? Expiry.NEVER : Expiry.UNCHANGED;
            case EXPIRY_NOT_SET -> Expiry.UNCHANGED;
        };
    }

    private static Expiry expiry(Timestamp at) {
        if (at.getSeconds() < 0 || at.getSeconds() > Limits.MAX_EXPIRY_MS / 1_000) {
            throw VectorDbException.invalid(
                    "expires_at: expected a moment from 1970 to 9999, got " + at.getSeconds() + " seconds");
        }
        return Expiry.at(1_000 * at.getSeconds() + at.getNanos() / 1_000_000);
    }

    private static Expiry expiry(double ttlSeconds) {
        if (!(ttlSeconds >= 0.001 && ttlSeconds <= Limits.MAX_TTL_SECONDS)) {
            throw VectorDbException.invalid(
                    "ttl_seconds: expected 0.001 to " + Limits.MAX_TTL_SECONDS + " seconds, got " + ttlSeconds);
        }
        return new Expiry.After(Math.round(1_000 * ttlSeconds));
    }

    /** One for each point, the request's own where a point has none; empty if there are none at all. */
    private static List<Precondition> conditions(dev.shaula.api.grpc.v1.UpsertRequest request) {
        Precondition otherwise = switch (request.getPreconditionCase()) {
            case CONDITION -> condition(request.getCondition());
            case IF_VERSION -> version(request.getIfVersion());
            case PRECONDITION_NOT_SET -> Precondition.NONE;
        };
        List<Precondition> conditions = request.getPointsList().stream()
                .map(point -> condition(point, otherwise))
                .toList();
        return conditions.stream().allMatch(Precondition.NONE::equals) ? List.of() : conditions;
    }

    private static Precondition condition(dev.shaula.api.grpc.v1.Point point, Precondition otherwise) {
        return switch (point.getPreconditionCase()) {
            case CONDITION -> condition(point.getCondition());
            case IF_VERSION -> version(point.getIfVersion());
            case PRECONDITION_NOT_SET -> otherwise;
        };
    }

    private static Precondition version(long unsigned) {
        if (unsigned < 0) {
            throw VectorDbException.invalid(
                    "if_version: expected at most " + Long.MAX_VALUE + ", got " + Long.toUnsignedString(unsigned));
        }
        return new Precondition.Version(unsigned);
    }

    private static Precondition condition(Condition condition) {
        return switch (condition) {
            case CONDITION_UNSPECIFIED -> Precondition.NONE;
            case CONDITION_ABSENT -> Precondition.ABSENT;
            case CONDITION_PRESENT -> Precondition.PRESENT;
            case UNRECOGNIZED ->
                throw VectorDbException.invalid(
                        "condition: expected CONDITION_ABSENT or CONDITION_PRESENT, got another number");
        };
    }

    /** Points of a stream are stored piece by piece, where nobody could be told what a condition refused. */
    static void checkUnconditional(List<dev.shaula.api.grpc.v1.Point> points) {
        for (int i = 0; i < points.size(); i++) {
            if (points.get(i).getPreconditionCase()
                    != dev.shaula.api.grpc.v1.Point.PreconditionCase.PRECONDITION_NOT_SET) {
                throw VectorDbException.invalid(
                        "points[" + i + "]: expected no condition in a stream; Upsert takes them");
            }
        }
    }

    static UpsertResponse upserted(WriteResult result) {
        return UpsertResponse.newBuilder()
                .setCount((int) result.count())
                .addAllApplied(versions(result.applied()))
                .addAllRefused(versions(result.refused()))
                .addAllSequences(result.sequences())
                .build();
    }

    private static List<dev.shaula.api.grpc.v1.PointVersion> versions(List<PointVersion> points) {
        return points.stream().map(Writes::version).toList();
    }

    private static dev.shaula.api.grpc.v1.PointVersion version(PointVersion point) {
        dev.shaula.api.grpc.v1.PointVersion.Builder out =
                dev.shaula.api.grpc.v1.PointVersion.newBuilder().setId(point.id());
        if (point.version() != Point.NO_VERSION) {
            out.setVersion(point.version());
        }
        return out.build();
    }

    static PointsTarget target(DeleteRequest request) {
        return PointsTarget.of(
                Messages.collection(request.getCollection()),
                ids(request.getIdsList()),
                request.getFilterFormCase() != DeleteRequest.FilterFormCase.FILTERFORM_NOT_SET,
                Messages.filter(request.hasFilter(), request.getFilter(), request.getFilterJson()),
                Messages.ack(request.getAck()));
    }

    /** No ids and a list of none are the same message. */
    private static @Nullable List<String> ids(List<String> given) {
        return given.isEmpty() ? null : Messages.ids(given, Limits.MAX_DELETE_IDS);
    }

    static DeleteResponse deleted(WriteResult result) {
        return DeleteResponse.newBuilder()
                .setCount((int) result.count())
                .addAllMissing(result.missing())
                .addAllSequences(result.sequences())
                .build();
    }

    static MetadataRequest update(UpdateMetadataRequest request) {
        PointsTarget target = PointsTarget.of(
                Messages.collection(request.getCollection()),
                ids(request.getIdsList()),
                request.getFilterFormCase() != UpdateMetadataRequest.FilterFormCase.FILTERFORM_NOT_SET,
                Messages.filter(request.hasFilter(), request.getFilter(), request.getFilterJson()),
                Messages.ack(request.getAck()));
        if (request.getDeleteCount() > Limits.MAX_DELETED_KEYS) {
            throw VectorDbException.tooLarge(
                    "delete: expected at most " + Limits.MAX_DELETED_KEYS + " keys, got " + request.getDeleteCount());
        }
        MetadataChange change = MetadataRequest.change(
                replacement(request), changed(request), request.getDeleteList(), expiry(request));
        return new MetadataRequest(target, change);
    }

    private static @Nullable Metadata replacement(UpdateMetadataRequest request) {
        return switch (request.getReplaceFormCase()) {
            case REPLACE -> Fragments.metadata(Structs.toJson(request.getReplace()), "replace");
            case REPLACE_JSON ->
                Fragments.metadata(request.getReplaceJsonBytes().toByteArray(), "replace");
            case REPLACEFORM_NOT_SET -> null;
        };
    }

    private static @Nullable Metadata changed(UpdateMetadataRequest request) {
        return switch (request.getSetFormCase()) {
            case SET -> Fragments.metadata(Structs.toJson(request.getSet()), "set");
            case SET_JSON -> Fragments.metadata(request.getSetJsonBytes().toByteArray(), "set");
            case SETFORM_NOT_SET -> null;
        };
    }

    static UpdateMetadataResponse updated(WriteResult result) {
        return UpdateMetadataResponse.newBuilder()
                .setCount((int) result.count())
                .addAllMissing(result.missing())
                .addAllSequences(result.sequences())
                .build();
    }
}
