package io.finback.nodeagent.isolation;

import io.finback.nodeagent.isolation.Programs.Ran;
import io.finback.tasks.TaskInfo;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Whom tasks run as. Thread-safe. */
public final class TaskUser {
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,255}\\$?");
    private static final Pattern GROUPS = Pattern.compile("\\d{1,9}( \\d{1,9})*");
    private static final Pattern NUMBER = Pattern.compile("\\d{1,10}");

    /**
     * An account of this machine.
     *
     * @param name as it was asked for
     * @param inDatabase whether it is in the user database, and so has groups of its own
     * @param groups all of them, by number; empty when it is not in the database
     */
    public record Account(String name, int uid, int gid, boolean inDatabase, List<Integer> groups) {
        public Account {
            groups = List.copyOf(groups);
        }
    }

    private final Isolation isolation;
    private final String own;
    private final Map<String, Account> accounts = new ConcurrentHashMap<>();

    /** @param own the agent's own account */
    public TaskUser(Isolation isolation, String own) {
        this.isolation = isolation;
        this.own = own;
    }

    /** Why a task may not run as whom it names; the field, its value and what was expected. */
    public Optional<String> objection(TaskInfo task) {
        String wanted = wanted(task);
        String named = task.command().user().isPresent()
                ? "command.user: " + wanted
                : "command.user: none, which means " + wanted + " here";
        if (!NAME.matcher(wanted).matches()) {
            return Optional.of(named + " (expected: the name or number of an account)");
        }
        if (isRoot(wanted) && !isolation.settings().allowRoot()) {
            return Optional.of(named + " (expected: another one, since finback.agent.allow-root-tasks is false)");
        }
        if (!wanted.equals(own) && !isolation.isOn(Isolator.SWITCH_USER)) {
            return Optional.of(named + " (expected: " + own
                    + ", the agent's own; other users need an agent that is root" + " and the program setpriv)");
        }
        return Optional.empty();
    }

    /** Empty for the agent's own. May ask the machine's user database, once per name. */
    public Optional<Account> account(TaskInfo task) {
        String wanted = wanted(task);
        return wanted.equals(own) ? Optional.empty() : Optional.of(accounts.computeIfAbsent(wanted, this::lookUp));
    }

    private String wanted(TaskInfo task) {
        return task.command().user().or(() -> isolation.settings().taskUser()).orElse(own);
    }

    private static boolean isRoot(String user) {
        return user.equals("root") || (NUMBER.matcher(user).matches() && Long.parseLong(user) == 0);
    }

    private Account lookUp(String name) {
        Optional<Integer> uid = id("-u", name);
        Optional<Integer> gid = id("-g", name);
        if (uid.isPresent() && gid.isPresent()) {
            if (uid.get() == 0 && !isolation.settings().allowRoot()) {
                throw new IllegalArgumentException(
                        "command.user: " + name
                                + ", which is root here (expected: another one, since finback.agent.allow-root-tasks is false)");
            }
            return new Account(name, uid.get(), gid.get(), true, groups(name, gid.get()));
        }
        if (NUMBER.matcher(name).matches() && Long.parseLong(name) <= Integer.MAX_VALUE) {
            int number = Integer.parseInt(name);
            return new Account(name, number, number, false, List.of());
        }
        throw new IllegalArgumentException("command.user: " + name + " (expected: an account of this machine)");
    }

    private List<Integer> groups(String name, int own) {
        return isolation
                .tools()
                .id()
                .map(id -> Programs.run(List.of(id.toString(), "-G", "--", name)))
                .filter(ran -> ran.successful() && GROUPS.matcher(ran.said()).matches())
                .map(ran -> Stream.of(ran.said().split(" ", -1))
                        .map(Integer::parseInt)
                        .toList())
                .orElse(List.of(own));
    }

    private Optional<Integer> id(String what, String name) {
        return isolation.tools().id().flatMap(id -> {
            Ran ran = Programs.run(List.of(id.toString(), what, "--", name));
            return ran.successful() && NUMBER.matcher(ran.said()).matches()
                    ? Optional.of(Integer.parseInt(ran.said()))
                    : Optional.empty();
        });
    }
}
