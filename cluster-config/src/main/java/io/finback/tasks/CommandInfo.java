package io.finback.tasks;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a task executes. Source: Mesos {@code CommandInfo}.
 *
 * @param shell true: {@code value} is run as {@code /bin/sh -c value}; false: {@code arguments} is the argument vector
 * @param value the command line; unused when {@code shell} is false
 * @param arguments argument vector including the zeroth; empty when {@code shell}
 * @param environment added to the environment the agent gives, winning over it
 * @param user the account to run as; empty: the agent's own
 */
public record CommandInfo(
        boolean shell, String value, List<String> arguments, Map<String, String> environment, Optional<String> user) {
    public CommandInfo {
        arguments = List.copyOf(arguments);
        environment = Map.copyOf(environment);
    }

    public static CommandInfo shell(String commandLine, Map<String, String> environment) {
        return new CommandInfo(true, commandLine, List.of(), environment, Optional.empty());
    }
}
