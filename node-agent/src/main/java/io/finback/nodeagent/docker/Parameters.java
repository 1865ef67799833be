package io.finback.nodeagent.docker;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.finback.tasks.DockerOptions.Parameter;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Options of {@code docker run} as schedulers write them, put into what the engine's API takes. One that is not known here is
 * refused by name: an option that is left out silently is a container nobody asked for. Source: the references of
 * {@code docker run} and of {@code POST /containers/create}.
 */
final class Parameters {
    /** Puts one value in its place; throws {@link IllegalArgumentException} with what was expected. */
    @FunctionalInterface
    private interface Option {
        void put(ObjectNode body, ObjectNode host, String value);
    }

    private static final Map<String, Option> OPTIONS = new HashMap<>();
    private static final Map<String, String> SHORT = Map.of(
            "e",
            "env",
            "h",
            "hostname",
            "l",
            "label",
            "m",
            "memory",
            "u",
            "user",
            "v",
            "volume",
            "w",
            "workdir",
            "c",
            "cpu-shares");

    /** What the agent itself decides: its own care for the container depends on it. */
    private static final List<String> OURS = List.of(
            "name",
            "rm",
            "restart",
            "d",
            "detach",
            "i",
            "interactive",
            "t",
            "tty",
            "a",
            "attach",
            "cidfile",
            "p",
            "publish",
            "P",
            "publish-all",
            "net",
            "network",
            "log-driver",
            "log-opt",
            "sig-proxy",
            "detach-keys");

    static {
        // What belongs to the container.
        text("hostname", "Hostname");
        text("domainname", "Domainname");
        text("user", "User");
        text("workdir", "WorkingDir");
        text("stop-signal", "StopSignal");
        text("mac-address", "MacAddress");
        add("env", (body, host, value) -> env(body, value));
        add("entrypoint", (body, host, value) -> body.putArray("Entrypoint").add(value));
        add("label", (body, host, value) -> pair(body.withObjectProperty("Labels"), value));
        add("expose", (body, host, value) -> body.withObjectProperty("ExposedPorts")
                .putObject(port(value)));
        // What belongs to the machine it runs on.
        list("add-host", "ExtraHosts");
        list("cap-add", "CapAdd");
        list("cap-drop", "CapDrop");
        list("dns", "Dns");
        list("dns-option", "DnsOptions");
        list("dns-opt", "DnsOptions");
        list("dns-search", "DnsSearch");
        list("group-add", "GroupAdd");
        list("link", "Links");
        list("security-opt", "SecurityOpt");
        list("volume", "Binds");
        list("volumes-from", "VolumesFrom");
        hostText("cgroup-parent", "CgroupParent");
        hostText("cpuset-cpus", "CpusetCpus");
        hostText("cpuset-mems", "CpusetMems");
        hostText("ipc", "IpcMode");
        hostText("isolation", "Isolation");
        hostText("pid", "PidMode");
        hostText("runtime", "Runtime");
        hostText("userns", "UsernsMode");
        hostText("uts", "UTSMode");
        hostText("volume-driver", "VolumeDriver");
        hostNumber("blkio-weight", "BlkioWeight");
        hostNumber("cpu-period", "CpuPeriod");
        hostNumber("cpu-quota", "CpuQuota");
        hostNumber("cpu-shares", "CpuShares");
        hostNumber("memory-swappiness", "MemorySwappiness");
        hostNumber("oom-score-adj", "OomScoreAdj");
        hostNumber("pids-limit", "PidsLimit");
        hostBytes("kernel-memory", "KernelMemory");
        hostBytes("memory", "Memory");
        hostBytes("memory-reservation", "MemoryReservation");
        hostBytes("memory-swap", "MemorySwap");
        hostBytes("shm-size", "ShmSize");
        hostFlag("init", "Init");
        hostFlag("oom-kill-disable", "OomKillDisable");
        hostFlag("privileged", "Privileged");
        hostFlag("read-only", "ReadonlyRootfs");
        add("cpus", (body, host, value) -> host.put("NanoCpus", Math.round(decimal(value) * 1e9)));
        add("device", Parameters::device);
        add("storage-opt", (body, host, value) -> pair(host.withObjectProperty("StorageOpt"), value));
        add("sysctl", (body, host, value) -> pair(host.withObjectProperty("Sysctls"), value));
        add("tmpfs", Parameters::tmpfs);
        add("ulimit", Parameters::ulimit);
    }

    private Parameters() {}

    /** Why the engine will not be asked: the parameter, its value and what was expected. */
    static Optional<String> problem(List<Parameter> parameters) {
        ObjectNode nowhere = com.fasterxml.jackson.databind.node.JsonNodeFactory.instance.objectNode();
        for (Parameter parameter : parameters) {
            Optional<String> problem = problem(parameter, nowhere);
            if (problem.isPresent()) {
                return Optional.of("container.docker.parameters: " + parameter.key() + "=" + parameter.value() + " ("
                        + problem.get() + ")");
            }
        }
        return Optional.empty();
    }

    private static Optional<String> problem(Parameter parameter, ObjectNode nowhere) {
        if (OURS.contains(parameter.key())) {
            return Optional.of("expected: an option the agent does not set itself");
        }
        Option option = OPTIONS.get(name(parameter));
        if (option == null) {
            return Optional.of("expected: an option of docker run that is supported: "
                    + OPTIONS.keySet().stream().sorted().toList());
        }
        try {
            option.put(nowhere, nowhere.withObjectProperty("HostConfig"), parameter.value());
            return Optional.empty();
        } catch (IllegalArgumentException e) {
            return Optional.of("expected: " + e.getMessage());
        }
    }

    /** Puts all of them into a request; they were {@link #problem checked} before, and win over what is there. */
    static void apply(List<Parameter> parameters, ObjectNode body) {
        ObjectNode host = body.withObjectProperty("HostConfig");
        for (Parameter parameter : parameters) {
            Option option = OPTIONS.get(name(parameter));
            if (option == null) {
                throw new IllegalArgumentException("container.docker.parameters: " + parameter.key());
            }
            option.put(body, host, parameter.value());
        }
    }

    private static String name(Parameter parameter) {
        return SHORT.getOrDefault(parameter.key(), parameter.key());
    }

    private static void add(String name, Option option) {
        OPTIONS.put(name, option);
    }

    private static void text(String name, String field) {
        add(name, (body, host, value) -> body.put(field, value));
    }

    private static void list(String name, String field) {
        add(name, (body, host, value) -> array(host, field).add(value));
    }

    private static void hostText(String name, String field) {
        add(name, (body, host, value) -> host.put(field, value));
    }

    private static void hostNumber(String name, String field) {
        add(name, (body, host, value) -> host.put(field, whole(value)));
    }

    private static void hostBytes(String name, String field) {
        add(name, (body, host, value) -> host.put(field, bytes(value)));
    }

    private static void hostFlag(String name, String field) {
        add(name, (body, host, value) -> host.put(field, flag(value)));
    }

    private static ArrayNode array(ObjectNode node, String field) {
        return node.get(field) instanceof ArrayNode there ? there : node.putArray(field);
    }

    /** The last one of a name counts, and a name alone has nothing to copy a value from. */
    private static void env(ObjectNode body, String value) {
        int equals = value.indexOf('=');
        if (equals < 1) {
            throw new IllegalArgumentException("NAME=value");
        }
        array(body, "Env").add(value);
    }

    private static void pair(ObjectNode node, String value) {
        int equals = value.indexOf('=');
        if (equals == 0) {
            throw new IllegalArgumentException("name=value");
        }
        node.put(equals < 0 ? value : value.substring(0, equals), equals < 0 ? "" : value.substring(equals + 1));
    }

    private static String port(String value) {
        return value.indexOf('/') < 0 ? value + "/tcp" : value;
    }

    private static void device(ObjectNode body, ObjectNode host, String value) {
        String[] parts = value.split(":", -1);
        if (parts.length > 3 || !parts[0].startsWith("/")) {
            throw new IllegalArgumentException("/path[:/path[:rwm]]");
        }
        array(host, "Devices")
                .addObject()
                .put("PathOnHost", parts[0])
                .put("PathInContainer", parts.length > 1 && parts[1].startsWith("/") ? parts[1] : parts[0])
                .put("CgroupPermissions", parts[parts.length - 1].startsWith("/") ? "rwm" : parts[parts.length - 1]);
    }

    private static void tmpfs(ObjectNode body, ObjectNode host, String value) {
        int colon = value.indexOf(':');
        host.withObjectProperty("Tmpfs")
                .put(colon < 0 ? value : value.substring(0, colon), colon < 0 ? "" : value.substring(colon + 1));
    }

    private static void ulimit(ObjectNode body, ObjectNode host, String value) {
        int equals = value.indexOf('=');
        if (equals < 1) {
            throw new IllegalArgumentException("name=soft[:hard]");
        }
        String[] limits = value.substring(equals + 1).split(":", -1);
        array(host, "Ulimits")
                .addObject()
                .put("Name", value.substring(0, equals))
                .put("Soft", whole(limits[0]))
                .put("Hard", whole(limits[limits.length - 1]));
    }

    private static boolean flag(String value) {
        return switch (value.toLowerCase(Locale.ROOT)) {
            case "", "true", "1" -> true;
            case "false", "0" -> false;
            default -> throw new IllegalArgumentException("true or false");
        };
    }

    private static long whole(String value) {
        try {
            return Long.parseLong(value);
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("a whole number", e);
        }
    }

    private static double decimal(String value) {
        try {
            double number = Double.parseDouble(value);
            if (number >= 0 && number < 1e6) {
                return number;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("a number >= 0", e);
        }
        throw new IllegalArgumentException("a number >= 0");
    }

    /** {@code 64m}, {@code 1g}, {@code -1}, or bytes. */
    private static long bytes(String value) {
        String lower = value.toLowerCase(Locale.ROOT).replaceFirst("b$", "");
        if (lower.isEmpty()) {
            throw new IllegalArgumentException("bytes, or a number with k, m or g");
        }
        int shift =
                switch (lower.charAt(lower.length() - 1)) {
                    case 'k' -> 10;
                    case 'm' -> 20;
                    case 'g' -> 30;
                    default -> 0;
                };
        try {
            double number = Double.parseDouble(shift == 0 ? lower : lower.substring(0, lower.length() - 1));
            return (long) (number * (1L << shift));
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("bytes, or a number with k, m or g", e);
        }
    }
}
