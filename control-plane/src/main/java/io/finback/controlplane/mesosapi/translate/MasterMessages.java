package io.finback.controlplane.mesosapi.translate;

import java.net.InetAddress;
import java.net.UnknownHostException;
import org.apache.mesos.v1.Protos.Address;
import org.apache.mesos.v1.Protos.MasterInfo;

/** {@code MasterInfo}. */
public final class MasterMessages {
    /** Frameworks choose what they may use by the version of Mesos: the one whose API this is. */
    public static final String MESOS_VERSION = "1.11.0";

    private MasterMessages() {}

    /** What a master says of itself. {@code ip} is 0 when the host is a name nobody can resolve. */
    public static MasterInfo to(String id, String host, int port) {
        byte[] ip = address(host);
        MasterInfo.Builder message = MasterInfo.newBuilder()
                .setId(id)
                .setIp((ip[0] & 0xFF) | (ip[1] & 0xFF) << 8 | (ip[2] & 0xFF) << 16 | (ip[3] & 0xFF) << 24)
                .setPort(port)
                .setPid("master@" + dotted(ip) + ":" + port)
                .setHostname(host)
                .setVersion(MESOS_VERSION)
                .setAddress(
                        Address.newBuilder().setHostname(host).setIp(dotted(ip)).setPort(port));
        for (MasterInfo.Capability.Type type : MasterInfo.Capability.Type.values()) {
            if (type != MasterInfo.Capability.Type.UNKNOWN) {
                message.addCapabilities(MasterInfo.Capability.newBuilder().setType(type));
            }
        }
        return message.build();
    }

    private static byte[] address(String host) {
        try {
            for (InetAddress address : InetAddress.getAllByName(host)) {
                if (address.getAddress().length == 4) {
                    return address.getAddress();
                }
            }
        } catch (UnknownHostException e) {
            // Said below.
        }
        return new byte[4];
    }

    private static String dotted(byte[] ip) {
        return (ip[0] & 0xFF) + "." + (ip[1] & 0xFF) + "." + (ip[2] & 0xFF) + "." + (ip[3] & 0xFF);
    }
}
