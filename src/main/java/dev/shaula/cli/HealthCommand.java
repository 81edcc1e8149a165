package dev.shaula.cli;

import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

@Command(
        name = "health",
        mixinStandardHelpOptions = true,
        description = "Ask a running service how it is; exit code 0 if its status is ok, 1 otherwise.")
final class HealthCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private ServerOptions server = new ServerOptions();

    @Override
    public Integer call() {
        try (ServiceClient client = server.client()) {
            Map<String, @Nullable Object> health = client.get("/health");
            spec.commandLine().getOut().println(Json.pretty(health));
            return "ok".equals(health.get("status")) ? 0 : 1;
        }
    }
}
