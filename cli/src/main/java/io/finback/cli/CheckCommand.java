package io.finback.cli;

import io.finback.cli.check.Finding;
import io.finback.cli.check.NodeCheck;
import io.finback.cli.check.SupportBundle;
import io.finback.runtime.Role;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;

/** {@code finback check ROLE}. */
@Command(
        name = "check",
        mixinStandardHelpOptions = true,
        description = {
            "Looks at a node of this machine and at its cluster, and says what is wrong and what would help.",
            "Give it the settings the node is started with. Changes nothing. Ends with 1 when something has to be done."
        })
final class CheckCommand implements Callable<Integer> {
    private final Screen screen;

    @CommandLine.Spec
    private CommandLine.Model.@Nullable CommandSpec spec;

    @Parameters(paramLabel = "ROLE", description = "master, agent or router.")
    private String role = "";

    @Option(
            names = "--bundle",
            paramLabel = "FILE",
            description = "Also writes a zip file for whoever helps: these findings, settings without secrets, members,"
                    + " metrics, the end of the log.")
    private @Nullable Path bundle;

    @CommandLine.Mixin
    private Finback.Settings settings = new Finback.Settings();

    CheckCommand(Screen screen) {
        this.screen = screen;
    }

    @Override
    public Integer call() throws IOException {
        Role asked = role();
        List<Finding> findings =
                new NodeCheck(asked, config -> Listeners.of(config, asked), Clock.systemUTC()).run(settings.wishes());
        findings.forEach(finding -> screen.say(finding.shown()));
        if (bundle != null) {
            List<String> names =
                    new SupportBundle(config -> Listeners.of(config, asked)).write(bundle, settings.wishes(), findings);
            screen.say("Wrote " + bundle + ": " + String.join(", ", names));
        }
        return findings.stream().anyMatch(finding -> finding.level() == Finding.Level.FAIL) ? Finback.REFUSED : 0;
    }

    private Role role() {
        for (Role each : Role.values()) {
            if (each.id().equals(role.toLowerCase(Locale.ROOT))) {
                return each;
            }
        }
        if (spec == null) {
            throw new IllegalStateException("picocli has not filled in the command");
        }
        throw new ParameterException(spec.commandLine(), role + ": no role (expected: master, agent or router)");
    }
}
