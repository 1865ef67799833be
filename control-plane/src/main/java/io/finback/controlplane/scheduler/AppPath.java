package io.finback.controlplane.scheduler;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** App ids: absolute paths. Source: Marathon's PathId. */
public final class AppPath {
    private static final Pattern SEGMENT =
            Pattern.compile("(([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])\\.)*([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])");
    private static final Set<String> RESERVED = Set.of("restart", "tasks", "versions", ".", "..");
    private static final Set<String> SUFFIXES = Set.of("tasks", "versions");
    /** Leaves room for the uuid of a task id, which becomes a file name. */
    private static final int MAX_LENGTH = 200;

    private AppPath() {}

    /** Makes a path absolute and collapses doubled slashes; {@code /} stays. */
    public static String absolute(String path) {
        return "/" + String.join("/", segments(path));
    }

    public static List<String> segments(String path) {
        List<String> segments = new ArrayList<>();
        for (String segment : path.split("/", -1)) {
            if (!segment.isEmpty()) {
                segments.add(segment);
            }
        }
        return segments;
    }

    /** The groups an app or group is in, the root first: {@code /}, {@code /shop}. */
    public static List<String> ancestors(String id) {
        List<String> segments = segments(id);
        List<String> found = new ArrayList<>();
        for (int i = 0; i < segments.size(); i++) {
            found.add("/" + String.join("/", segments.subList(0, i)));
        }
        return found;
    }

    /** True when {@code id} lies below {@code group}. */
    public static boolean inside(String group, String id) {
        return group.equals("/") ? !id.equals("/") : id.startsWith(group + "/");
    }

    /** An absolute path as it is; another one seen from {@code group}, with {@code ..}. */
    public static String resolve(String group, String path) {
        if (path.startsWith("/")) {
            return absolute(path);
        }
        List<String> segments = new ArrayList<>(segments(group));
        for (String segment : segments(path)) {
            if (segment.equals("..") && !segments.isEmpty()) {
                segments.remove(segments.size() - 1);
            } else if (!segment.equals(".") && !segment.equals("..")) {
                segments.add(segment);
            }
        }
        return "/" + String.join("/", segments);
    }

    /** Says what is wrong with an absolute id of an app; empty when nothing is. */
    public static Optional<String> problem(String id) {
        List<String> segments = segments(id);
        if (segments.isEmpty()) {
            return Optional.of("must not be the root path '/'");
        }
        if (id.length() > MAX_LENGTH) {
            return Optional.of("is " + id.length() + " characters long (expected: at most " + MAX_LENGTH + ")");
        }
        for (String segment : segments) {
            if (!SEGMENT.matcher(segment).matches()) {
                return Optional.of("must fully match regular expression '^(([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])\\.)*"
                        + "([a-z0-9]|[a-z0-9][a-z0-9\\-]*[a-z0-9])|(\\.|\\.\\.)$'");
            }
        }
        String last = segments.get(segments.size() - 1);
        // /v2/apps/{id}/tasks/{taskId}: an app of such a name could be neither read nor removed.
        int size = segments.size();
        if (size > 2 && SUFFIXES.contains(segments.get(size - 2))) {
            return Optional.of("is reserved: '" + segments.get(size - 2) + "' before the last segment");
        }
        return RESERVED.contains(last)
                ? Optional.of("is reserved: '" + last + "' (expected: none of restart, tasks, versions, ., ..)")
                : Optional.empty();
    }

    /** The entity of an app: {@code /shop/api} is {@code shop_api}; segments never hold an underscore. */
    public static String entityId(String id) {
        return String.join("_", segments(id));
    }

    public static String ofEntityId(String entityId) {
        return "/" + entityId.replace('_', '/');
    }

    /** {@code shop_api.<uuid>}. */
    public static String taskId(String id, String uuid) {
        return entityId(id) + "." + uuid;
    }

    /** {@code shop_api.<uuid>_<container>}: the task of one container of a pod's instance. */
    public static String partId(String instance, String container) {
        return instance + "_" + container;
    }

    /** The instance a task is of: itself, unless it is one container of a pod. */
    public static String instanceOfTask(String taskId) {
        int from = taskId.indexOf('_', taskId.lastIndexOf('.') + 1);
        return from < 0 ? taskId : taskId.substring(0, from);
    }

    /** The container's name, of a task that is one of a pod. */
    public static Optional<String> partOfTask(String taskId) {
        String instance = instanceOfTask(taskId);
        return instance.length() == taskId.length()
                ? Optional.empty()
                : Optional.of(taskId.substring(instance.length() + 1));
    }

    /** The entity a task belongs to; empty when the id was not made by {@link #taskId}. */
    public static Optional<String> entityOfTask(String taskId) {
        int dot = taskId.lastIndexOf('.');
        if (dot <= 0) {
            return Optional.empty();
        }
        String entity = taskId.substring(0, dot);
        boolean valid = problem(ofEntityId(entity)).isEmpty();
        return valid ? Optional.of(entity) : Optional.empty();
    }

    /** {@code api.shop}: the app as a host name. */
    public static String hostName(String id) {
        List<String> segments = new ArrayList<>(segments(id));
        java.util.Collections.reverse(segments);
        return String.join(".", segments);
    }
}
