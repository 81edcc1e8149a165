package dev.shaula.api.rest;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import io.vertx.core.Future;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpHeaders;
import io.vertx.ext.web.Router;
import io.vertx.ext.web.RoutingContext;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.Callable;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The OpenAPI document at {@code /openapi}, as it was written (YAML) or as JSON, and Swagger UI for it. Each is read when
 * it is first asked for, off the event loops, and kept.
 */
@ApplicationScoped
class Documentation {
    private static final String PATH = "/openapi";
    private static final String DOCUMENT = "META-INF/openapi.yaml";
    private static final String UI_PATH = "/q/swagger-ui";
    private static final String UI_PROPERTIES = "META-INF/maven/org.webjars/swagger-ui/pom.properties";
    private final Map<String, Future<Buffer>> kept = new ConcurrentHashMap<>();

    void routes(@Observes Router router) {
        router.get(PATH).handler(this::document);
        router.get(UI_PATH).handler(this::page);
    }

    private void document(RoutingContext routing) {
        String format = routing.request().getParam("format", "");
        String accept = routing.request().headers().get(HttpHeaders.ACCEPT);
        if (format.equalsIgnoreCase("json")
                || (format.isEmpty() && accept != null && accept.contains("application/json"))) {
            send(routing, "application/json", () -> json(resource(DOCUMENT)));
        } else {
            send(routing, "application/yaml", () -> resource(DOCUMENT));
        }
    }

    private void page(RoutingContext routing) {
        send(routing, "text/html; charset=utf-8", () -> {
            Properties properties = new Properties();
            properties.load(new ByteArrayInputStream(resource(UI_PROPERTIES)));
            String files = "/webjars/swagger-ui/" + properties.getProperty("version");
            return """
            <!doctype html>
            <html lang="en">
            <meta charset="utf-8">
            <title>Shaula</title>
            <link rel="icon" href="%1$s/favicon-32x32.png">
            <link rel="stylesheet" href="%1$s/swagger-ui.css">
            <div id="ui"></div>
            <script src="%1$s/swagger-ui-bundle.js"></script>
            <script>SwaggerUIBundle({url: "%2$s", dom_id: "#ui"})</script>
            </html>
            """.formatted(files, PATH).getBytes(StandardCharsets.UTF_8);
        });
    }

    private void send(RoutingContext routing, String type, Callable<byte[]> content) {
        kept.computeIfAbsent(
                        type, unread -> routing.vertx().executeBlocking(() -> Buffer.buffer(content.call()), false))
                .onSuccess(bytes -> routing.response()
                        .putHeader(HttpHeaders.CONTENT_TYPE, type)
                        .end(bytes))
                .onFailure(routing::fail);
    }

    private static byte[] json(byte[] yaml) throws IOException {
        return new ObjectMapper().writeValueAsBytes(new YAMLMapper().readTree(yaml));
    }

    private static byte[] resource(String name) throws IOException {
        try (InputStream in = Documentation.class.getClassLoader().getResourceAsStream(name)) {
            if (in == null) {
                throw new FileNotFoundException(name);
            }
            return in.readAllBytes();
        }
    }
}
