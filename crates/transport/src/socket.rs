//! UDP sockets that speak both families.

use std::io;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};

use socket2::{Domain, Protocol, Socket, Type};

/// How much the kernel may hold for a listener between two reads: some 1,400 full datagrams. The
/// usual 208 KiB overflow when a thousand devices come back at once. Kernels may grant less.
const LISTENER_BUFFER_LEN: usize = 2 * 1024 * 1024;

/// A device's socket, on any port. IPv4 only where there is no IPv6.
pub(crate) fn for_endpoint() -> io::Result<UdpSocket> {
    bind((Ipv6Addr::UNSPECIFIED, 0).into())
        .or_else(|_| bind((Ipv4Addr::UNSPECIFIED, 0).into()))
        .map(UdpSocket::from)
}

/// A relay's socket. `[::]` listens on IPv4 as well, where the system can.
pub(crate) fn for_listener(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = bind(address)?;
    // Less is slower under a burst, not wrong.
    let _ = socket.set_recv_buffer_size(LISTENER_BUFFER_LEN);
    Ok(socket.into())
}

fn bind(address: SocketAddr) -> io::Result<Socket> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        // Some systems have no dual-stack sockets; theirs then reaches IPv6 only.
        let _ = socket.set_only_v6(false);
    }
    socket.bind(&address.into())?;
    Ok(socket)
}
