package dev.shaula.api.grpc;

import com.google.rpc.Status;
import dev.shaula.api.grpc.v1.Error;
import dev.shaula.api.grpc.v1.SearchRequest;
import dev.shaula.api.grpc.v1.SearchResponse;
import dev.shaula.api.grpc.v1.SearchStreamRequest;
import dev.shaula.api.grpc.v1.SearchStreamResponse;
import dev.shaula.model.Limits;
import dev.shaula.model.VectorDbException;
import io.smallrye.mutiny.Uni;
import io.smallrye.mutiny.subscription.Cancellable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * A stream of searches: a few at a time, each answered when it is ready, with the number of its query. A query is read
 * only while there is room for its answer. A query that is refused is answered so, and the stream goes on.
 */
final class SearchStreamCall implements MessageReader.Listener<SearchStreamRequest> {
    private final Call<SearchStreamRequest, SearchStreamResponse> call;
    private final Function<SearchRequest, Uni<SearchResponse>> search;
    private final Map<Long, Cancellable> underWay = new HashMap<>();
    private long started;
    private boolean ended;

    SearchStreamCall(
            Call<SearchStreamRequest, SearchStreamResponse> call, Function<SearchRequest, Uni<SearchResponse>> search) {
        this.call = call;
        this.search = search;
    }

    void start() {
        call.onEnd(() -> List.copyOf(underWay.values()).forEach(Cancellable::cancel));
        call.read(this);
        call.pull();
    }

    @Override
    public void message(SearchStreamRequest message) {
        long ticket = started++;
        Cancellable running = Uni.createFrom()
                .deferred(() -> search.apply(message.getSearch()))
                .map(found ->
                        answer(message).addAllResults(found.getResultsList()).addAllExplain(found.getExplainList()))
                .onFailure()
                .recoverWithItem(failure -> answer(message).setError(error(failure)))
                .subscribe()
                .with(answer -> call.onLoop(() -> answered(ticket, answer.build())), call::failAnywhere);
        underWay.put(ticket, running);
        pullIfRoom();
    }

    @Override
    public void ended() {
        ended = true;
        endIfDone();
    }

    @Override
    public void failed(VectorDbException why) {
        call.fail(why);
    }

    private void answered(long ticket, SearchStreamResponse answer) {
        boolean wasCrowded = isCrowded();
        underWay.remove(ticket);
        call.write(answer);
        if (wasCrowded) {
            pullIfRoom();
        }
        endIfDone();
    }

    private boolean isCrowded() {
        return underWay.size() >= Limits.MAX_STREAM_SEARCHES;
    }

    private void pullIfRoom() {
        if (ended || isCrowded()) {
            return;
        }
        if (call.isFull()) {
            call.onRoom(this::pullIfRoom);
        } else {
            call.pull();
        }
    }

    private void endIfDone() {
        if (ended && underWay.isEmpty()) {
            call.end();
        }
    }

    private static SearchStreamResponse.Builder answer(SearchStreamRequest message) {
        return SearchStreamResponse.newBuilder().setNumber(message.getNumber());
    }

    private static Error error(Throwable failure) {
        Status status = Refusal.of(failure);
        return Error.newBuilder()
                .setCode(status.getCode())
                .setMessage(status.getMessage())
                .build();
    }
}
