package dev.shaula.api.wire;

import com.fasterxml.jackson.core.JsonToken;
import dev.shaula.model.Limits;
import dev.shaula.model.VectorDbException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A list of ids of points that are to be deleted or changed. */
final class IdList extends ArrayFrame {
    final List<String> ids = new ArrayList<>();
    long bytes;

    @Override
    @Nullable
    Frame element(JsonToken token, JsonPush in) throws IOException {
        if (ids.size() == Limits.MAX_DELETE_IDS) {
            throw VectorDbException.tooLarge("ids: expected at most " + Limits.MAX_DELETE_IDS + " ids, got more");
        }
        String id = Ids.read(token, in);
        ids.add(id);
        bytes += 64L + id.length();
        return null;
    }
}
