package dev.shaula.api.grpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import com.google.protobuf.Descriptors.Descriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Descriptors.MethodDescriptor;
import com.google.protobuf.DynamicMessage;
import com.google.protobuf.Message;
import dev.shaula.api.grpc.v1.ShaulaProto;
import io.quarkus.test.junit.QuarkusTest;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** The commands for gRPC on the front page are run, by what {@code grpcurl} does with them; their answers are compared. */
@QuarkusTest
class ReadmeGrpcTest {
    private static final Pattern COMMAND =
            Pattern.compile("grpcurl -plaintext -d '(.*)' localhost:8080 (shaula\\.v1\\.\\w+)/(\\w+)", Pattern.DOTALL);

    private final GrpcClient client = new GrpcClient();

    /** A command and the answer that the page shows, empty if it shows none. */
    private record Step(String command, String answer) {}

    @AfterEach
    void close() {
        client.close();
    }

    @Test
    void shouldAnswerTheCommandsOfTheFrontPageAsItShows() throws Exception {
        List<Step> steps = steps();
        assertThat(steps).hasSizeGreaterThan(4);
        for (Step step : steps) {
            JsonObject said = run(step.command());
            if (!step.answer().isEmpty()) {
                assertThat(said).as(step.command()).isEqualTo(new JsonObject(step.answer()));
            }
        }
    }

    private static List<Step> steps() throws IOException {
        String page = Files.readString(Path.of("README.md"));
        int start = page.indexOf("```grpc\n") + "```grpc\n".length();
        List<Step> steps = new ArrayList<>();
        for (String block :
                page.substring(start, page.indexOf("```", start)).strip().split("\n\n")) {
            StringBuilder command = new StringBuilder();
            StringBuilder answer = new StringBuilder();
            for (String line : block.split("\n")) {
                boolean asked = line.startsWith("$ ") || line.startsWith("> ");
                (asked ? command : answer)
                        .append(asked ? line.substring(2) : line)
                        .append('\n');
            }
            steps.add(new Step(command.toString().strip(), answer.toString().strip()));
        }
        return steps;
    }

    private JsonObject run(String command) {
        Matcher parts = COMMAND.matcher(command);
        assertThat(parts.matches()).as(command).isTrue();
        MethodDescriptor method = ShaulaProto.getDescriptor()
                .findServiceByName(parts.group(2).substring("shaula.v1.".length()))
                .findMethodByName(parts.group(3));
        Message question = message(method.getInputType(), new JsonObject(parts.group(1)));
        Message answer = DynamicMessage.getDefaultInstance(method.getOutputType());
        return json(client.call(parts.group(2) + "/" + parts.group(3), question, answer));
    }

    private static Message message(Descriptor type, JsonObject json) {
        DynamicMessage.Builder out = DynamicMessage.newBuilder(type);
        json.forEach(entry -> {
            FieldDescriptor field = Objects.requireNonNull(type.findFieldByName(entry.getKey()), entry.getKey());
            if (field.isRepeated()) {
                json.getJsonArray(entry.getKey())
                        .forEach(element -> out.addRepeatedField(field, value(field, element)));
            } else {
                out.setField(field, value(field, entry.getValue()));
            }
        });
        return out.build();
    }

    private static Object value(FieldDescriptor field, Object given) {
        return switch (field.getJavaType()) {
            case INT -> ((Number) given).intValue();
            case LONG -> ((Number) given).longValue();
            case FLOAT -> ((Number) given).floatValue();
            case DOUBLE -> ((Number) given).doubleValue();
            case BOOLEAN, STRING -> given;
            case BYTE_STRING -> ByteString.copyFrom(Base64.getDecoder().decode((String) given));
            case ENUM -> Objects.requireNonNull(field.getEnumType().findValueByName((String) given));
            case MESSAGE -> message(field.getMessageType(), (JsonObject) given);
        };
    }

    /** As the mapping of protobuf to JSON writes it: names in camel case, long integers as text. */
    private static JsonObject json(Message message) {
        JsonObject out = new JsonObject();
        message.getAllFields().forEach((field, given) -> {
            if (given instanceof List<?> list) {
                JsonArray elements = new JsonArray();
                list.forEach(element -> elements.add(json(field, element)));
                out.put(field.getJsonName(), elements);
            } else {
                out.put(field.getJsonName(), json(field, given));
            }
        });
        return out;
    }

    private static Object json(FieldDescriptor field, Object given) {
        return switch (field.getJavaType()) {
            case LONG -> given.toString();
            case FLOAT -> Double.valueOf(given.toString());
            case BYTE_STRING -> Base64.getEncoder().encodeToString(((ByteString) given).toByteArray());
            case MESSAGE -> json((Message) given);
            case INT, DOUBLE, BOOLEAN, STRING -> given;
            case ENUM -> given.toString();
        };
    }
}
