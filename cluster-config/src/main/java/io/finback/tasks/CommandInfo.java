package io.finback.tasks;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What a task executes. Source: Mesos {@code CommandInfo}.
 *
 * @param shell true: {@code value} is run as {@code /bin/sh -c value}; false: {@code arguments} is the argument vector
 * @param value the command line; unused when {@code shell} is false
 * @param arguments argument vector including the zeroth; empty when {@code shell}
 * @param environment added to the environment the agent gives, winning over it
 * @param user the account to run as; empty: the agent's own
 * @param uris to be in the sandbox before it starts
 * @param secrets variables to what the agent's secret store knows their values by; the values are known to nobody else
 */
public record CommandInfo(
        boolean shell,
        String value,
        List<String> arguments,
        Map<String, String> environment,
        Optional<String> user,
        List<FetchUri> uris,
        Map<String, String> secrets) {
    /** The uris and the secrets may be missing in what an earlier version has written. */
    public CommandInfo(
            boolean shell,
            String value,
            List<String> arguments,
            Map<String, String> environment,
            Optional<String> user,
            @Nullable List<FetchUri> uris,
            @Nullable Map<String, String> secrets) {
        this.shell = shell;
        this.value = value;
        this.arguments = List.copyOf(arguments);
        this.environment = Map.copyOf(environment);
        this.user = user;
        this.uris = uris == null ? List.of() : List.copyOf(uris);
        this.secrets = secrets == null ? Map.of() : Map.copyOf(secrets);
    }

    public CommandInfo(
            boolean shell,
            String value,
            List<String> arguments,
            Map<String, String> environment,
            Optional<String> user,
            List<FetchUri> uris) {
        this(shell, value, arguments, environment, user, uris, Map.of());
    }

    public CommandInfo(
            boolean shell,
            String value,
            List<String> arguments,
            Map<String, String> environment,
            Optional<String> user) {
        this(shell, value, arguments, environment, user, List.of());
    }

    /** The same with another environment. */
    public CommandInfo withEnvironment(Map<String, String> other) {
        return new CommandInfo(shell, value, arguments, other, user, uris, secrets);
    }

    /** The same, with variables only the agent knows the values of. */
    public CommandInfo withSecrets(Map<String, String> references) {
        return new CommandInfo(shell, value, arguments, environment, user, uris, references);
    }

    public static CommandInfo shell(String commandLine, Map<String, String> environment) {
        return new CommandInfo(true, commandLine, List.of(), environment, Optional.empty());
    }
}
