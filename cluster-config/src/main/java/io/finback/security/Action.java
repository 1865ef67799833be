package io.finback.security;

import java.util.Optional;
import java.util.stream.Stream;

/**
 * What may be allowed or refused, by Mesos' names in ACL files. Source: apache/mesos {@code include/mesos/authorizer/acls.proto}; those that
 * say so are ours.
 */
public enum Action {
    REGISTER_FRAMEWORK("register_frameworks", "roles"),
    /** By the account the task would run as; empty: the agent's own, which no list of names is about. */
    RUN_TASK("run_tasks", "users"),
    TEARDOWN_FRAMEWORK("teardown_frameworks", "framework_principals"),
    RESERVE_RESOURCES("reserve_resources", "roles"),
    UNRESERVE_RESOURCES("unreserve_resources", "reserver_principals"),
    CREATE_VOLUME("create_volumes", "roles"),
    DESTROY_VOLUME("destroy_volumes", "creator_principals"),
    GET_QUOTA("get_quotas", "roles"),
    UPDATE_QUOTA("update_quotas", "roles"),
    UPDATE_WEIGHT("update_weights", "roles"),
    VIEW_ROLE("view_roles", "roles"),
    /** By the account of the framework's {@code user}; what a framework has is seen by who sees it. */
    VIEW_FRAMEWORK("view_frameworks", "users"),
    /** By the account the task runs as. */
    VIEW_TASK("view_tasks", "users"),
    VIEW_EXECUTOR("view_executors", "users"),
    VIEW_CONTAINER("view_containers", "users"),
    VIEW_FLAGS("view_flags", "flags"),
    ACCESS_SANDBOX("access_sandboxes", "users"),
    ACCESS_MESOS_LOG("access_mesos_logs", "logs"),
    /** These by the account of the task whose container it is in, those as a user by the account of the command itself. */
    LAUNCH_NESTED_CONTAINER("launch_nested_containers_as_user", "users"),
    LAUNCH_NESTED_CONTAINER_UNDER("launch_nested_containers_under_parent_with_user", "users"),
    LAUNCH_NESTED_CONTAINER_SESSION("launch_nested_container_sessions_as_user", "users"),
    LAUNCH_NESTED_CONTAINER_SESSION_UNDER("launch_nested_container_sessions_under_parent_with_user", "users"),
    WAIT_NESTED_CONTAINER("wait_nested_containers", "users"),
    KILL_NESTED_CONTAINER("kill_nested_containers", "users"),
    REMOVE_NESTED_CONTAINER("remove_nested_containers", "users"),
    ATTACH_CONTAINER_INPUT("attach_containers_input", "users"),
    ATTACH_CONTAINER_OUTPUT("attach_containers_output", "users"),
    PRUNE_IMAGES("prune_images", "images"),
    GET_MAINTENANCE_SCHEDULE("get_maintenance_schedules", "machines"),
    GET_MAINTENANCE_STATUS("get_maintenance_statuses", "machines"),
    UPDATE_MAINTENANCE_SCHEDULE("update_maintenance_schedules", "machines"),
    START_MAINTENANCE("start_maintenances", "machines"),
    STOP_MAINTENANCE("stop_maintenances", "machines"),
    DRAIN_AGENT("drain_agents", "agents"),
    DEACTIVATE_AGENT("deactivate_agents", "agents"),
    REACTIVATE_AGENT("reactivate_agents", "agents"),
    MARK_AGENT_GONE("mark_agents_gone", "agents"),
    SET_LOG_LEVEL("set_log_level", "level"),
    /** Ours, after Marathon's plugins ({@code ViewRunSpec}, {@code ViewGroup} and so on): apps, pods and groups by their paths. */
    VIEW_APP("view_apps", "paths"),
    CREATE_APP("create_apps", "paths"),
    UPDATE_APP("update_apps", "paths"),
    DELETE_APP("delete_apps", "paths"),
    /** Ours: jobs by their names. */
    VIEW_JOB("view_jobs", "jobs"),
    CHANGE_JOB("change_jobs", "jobs"),
    /** Ours: delegation tables of the masters' namerd API, by their namespaces. */
    VIEW_DTAB("view_dtabs", "namespaces"),
    CHANGE_DTAB("change_dtabs", "namespaces"),
    /**
     * Ours: makes a member of the cluster leave or takes it for down, by its address ({@code akka://finback@host:port}). The only one that is refused
     * unless a rule allows it.
     */
    CHANGE_MEMBER("change_members", "members"),
    GET_ENDPOINT_WITH_PATH("get_endpoints", "paths"),
    /** Ours: every request of the masters' ports that may change something, by its path; {@code /v2/apps/team/%} is all below. */
    CHANGE_ENDPOINT_WITH_PATH("change_endpoints", "paths");

    private final String key;
    private final String objects;

    Action(String key, String objects) {
        this.key = key;
        this.objects = objects;
    }

    /** Its key in an ACL file. */
    public String key() {
        return key;
    }

    /** The key of its objects in an ACL file. */
    public String objects() {
        return objects;
    }

    static Optional<Action> of(String key) {
        return Stream.of(values()).filter(action -> action.key.equals(key)).findFirst();
    }
}
