package io.finback.cli;

import io.finback.runtime.Role;
import io.finback.runtime.StartFailure;
import io.finback.runtime.Version;
import io.finback.settings.NodeConfig;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** The {@code finback} program: reads the command line, runs what it says, and ends with 0, or with 1 and one line on stderr. */
public final class Finback {
    static final int REFUSED = 1;

    private Finback() {}

    public static void main(String[] args) {
        System.exit(run(args, Roles.all(), new Screen(System.out, System.err)));
    }

    /** The exit code. */
    static int run(String[] args, Roles roles, Screen screen) {
        CommandLine program = new CommandLine(new Program())
                .addSubcommand(new Dev(roles, screen))
                .addSubcommand("master", new Single(Role.MASTER, roles, screen))
                .addSubcommand("agent", new Single(Role.AGENT, roles, screen))
                .addSubcommand("router", new Single(Role.ROUTER, roles, screen))
                .addSubcommand(new CheckCommand(screen))
                .addSubcommand(new HashSecret(System.in, screen))
                .addSubcommand(new CertificatesCommand(screen))
                .addSubcommand(new HelpCommand());
        describe(program, "master", "Runs a master: the cluster API, services, the journal.");
        describe(program, "agent", "Runs an agent: starts tasks on this machine.");
        describe(program, "router", "Runs a mesh router.");
        program.setParameterExceptionHandler((e, rest) -> refused(e, screen));
        program.setExecutionExceptionHandler((e, command, parsed) -> failed(e, screen));
        program.setOut(new PrintWriter(screen.out(), true, StandardCharsets.UTF_8));
        return program.execute(args);
    }

    private static void describe(CommandLine program, String name, String text) {
        Objects.requireNonNull(program.getSubcommands().get(name))
                .getCommandSpec()
                .usageMessage()
                .description(text);
    }

    private static int refused(ParameterException e, Screen screen) {
        String name = e.getCommandLine().getCommandSpec().qualifiedName();
        screen.fail(e.getMessage() + " (see " + name + " --help)");
        return REFUSED;
    }

    private static int failed(Exception e, Screen screen) {
        if (e instanceof StartFailure) {
            screen.fail(String.valueOf(e.getMessage()));
        } else {
            LoggerFactory.getLogger(Finback.class).error("cli.failed", e);
            screen.fail(e + " (its trace is in the log)");
        }
        return REFUSED;
    }

    private static long startedNanos() {
        return System.nanoTime() - ManagementFactory.getRuntimeMXBean().getUptime() * 1_000_000;
    }

    /** The command without a name. */
    @Command(
            name = "finback",
            mixinStandardHelpOptions = true,
            versionProvider = OwnVersion.class,
            description = "Runs services on a pool of machines and carries the calls between them.",
            synopsisSubcommandLabel = "COMMAND",
            footer = {
                "",
                "A new cluster on this machine: finback dev",
                "Every setting is a key of one tree under finback: --config FILE (HOCON),",
                "--set key=value, or an environment variable such as FINBACK_CLUSTER_SEEDS.",
                "Something is wrong? finback check master, with the same settings."
            })
    static final class Program implements Callable<Integer> {
        @CommandLine.Spec
        private CommandLine.Model.@Nullable CommandSpec spec;

        @Override
        public Integer call() {
            if (spec != null) {
                throw new ParameterException(spec.commandLine(), "no command given");
            }
            return REFUSED;
        }
    }

    static final class OwnVersion implements IVersionProvider {
        @Override
        public String[] getVersion() {
            return new String[] {"finback " + Version.current()};
        }
    }

    /** What every command takes that starts nodes or looks at them. */
    static final class Settings {
        NodeConfig wishes() {
            return NodeConfig.of(files, System.getenv(), overrides);
        }

        @Option(
                names = "--config",
                paramLabel = "FILE",
                description = "A configuration file in HOCON; a later one wins over an earlier one.")
        private List<Path> files = new ArrayList<>();

        @Option(
                names = "--set",
                paramLabel = "KEY=VALUE",
                description = "Sets one key of the finback tree; wins over files and the environment.")
        private List<String> overrides = new ArrayList<>();
    }

    /** {@code finback dev}. */
    @Command(
            name = "dev",
            mixinStandardHelpOptions = true,
            description = {
                "Runs a whole cluster on loopback in this process: one master, agents, one router.",
                "Ctrl-C, SIGTERM or closing the terminal stops it and the tasks it started; a second Ctrl-C ends it at once.",
                "Killed, it leaves tasks running, and the next start adopts them."
            })
    static final class Dev implements Callable<Integer> {
        private final Roles roles;
        private final Screen screen;

        @CommandLine.Mixin
        private Settings settings = new Settings();

        @Option(
                names = "--agents",
                paramLabel = "N",
                defaultValue = "2",
                description = "How many agents share this machine (default: ${DEFAULT-VALUE}).")
        private int agents;

        @Option(
                names = "--data",
                paramLabel = "DIR",
                defaultValue = "",
                description = "Where all data is kept (default: .finback/dev).")
        private Path data = Path.of("");

        @Option(
                names = "--port-offset",
                paramLabel = "K",
                defaultValue = "0",
                description = "Added to every port, for clusters side by side (default: ${DEFAULT-VALUE}).")
        private int portOffset;

        @Option(names = "--fresh", description = "Ends what still runs from earlier data, and forgets the data.")
        private boolean fresh;

        Dev(Roles roles, Screen screen) {
            this.roles = roles;
            this.screen = screen;
        }

        @Override
        public Integer call() {
            Signals signals = Signals.install(
                    () -> screen.fail(
                            "ended at once; tasks may run on, and the next start with this data adopts them (--fresh ends them)"));
            new DevRun(roles, screen, System.getenv(), plan -> {})
                    .run(
                            new DevRun.Wishes(settings.files, settings.overrides, data, agents, portOffset, fresh),
                            startedNanos(),
                            signals.stopRequested());
            return 0;
        }
    }

    /** {@code finback master|agent|router}. */
    @Command(mixinStandardHelpOptions = true)
    static final class Single implements Callable<Integer> {
        private final Role role;
        private final Roles roles;
        private final Screen screen;

        @CommandLine.Mixin
        private Settings settings = new Settings();

        Single(Role role, Roles roles, Screen screen) {
            this.role = role;
            this.roles = roles;
            this.screen = screen;
        }

        @Override
        public Integer call() {
            Signals signals = Signals.install(() -> screen.fail("ended at once"));
            new RoleRun(roles, screen).run(role, settings.wishes(), signals.stopRequested());
            return 0;
        }
    }
}
