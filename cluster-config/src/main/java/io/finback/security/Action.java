package io.finback.security;

import java.util.Optional;
import java.util.stream.Stream;

/**
 * What may be allowed or refused, by Mesos' names in ACL files. Source: apache/mesos {@code include/mesos/authorizer/acls.proto}; the last
 * one is ours.
 */
public enum Action {
    REGISTER_FRAMEWORK("register_frameworks", "roles"),
    TEARDOWN_FRAMEWORK("teardown_frameworks", "framework_principals"),
    RESERVE_RESOURCES("reserve_resources", "roles"),
    UNRESERVE_RESOURCES("unreserve_resources", "reserver_principals"),
    CREATE_VOLUME("create_volumes", "roles"),
    DESTROY_VOLUME("destroy_volumes", "creator_principals"),
    UPDATE_QUOTA("update_quotas", "roles"),
    UPDATE_WEIGHT("update_weights", "roles"),
    UPDATE_MAINTENANCE_SCHEDULE("update_maintenance_schedules", "machines"),
    START_MAINTENANCE("start_maintenances", "machines"),
    STOP_MAINTENANCE("stop_maintenances", "machines"),
    DRAIN_AGENT("drain_agents", "agents"),
    DEACTIVATE_AGENT("deactivate_agents", "agents"),
    REACTIVATE_AGENT("reactivate_agents", "agents"),
    MARK_AGENT_GONE("mark_agents_gone", "agents"),
    SET_LOG_LEVEL("set_log_level", "level"),
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
