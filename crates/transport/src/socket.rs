//! UDP sockets that speak both families.

use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use quinn::udp::{RecvMeta, Transmit};
use quinn::{AsyncTimer, AsyncUdpSocket, Runtime, UdpPoller};
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

/// How many datagrams a relay hands to the kernel in one call.
///
/// quinn would hand over ten, and each connection keeps a buffer for as many from its handshake
/// on: 13 KiB of the 42 that an idle one weighed. With four it is 6; what is sent in bulk takes
/// some calls more, each still worth a page.
const LISTENER_SEGMENTS: usize = 4;

/// A relay's runtime: another, but for how much leaves its sockets at once.
#[derive(Debug)]
pub(crate) struct ListenerRuntime(pub(crate) Arc<dyn Runtime>);

impl Runtime for ListenerRuntime {
    fn new_timer(&self, at: Instant) -> Pin<Box<dyn AsyncTimer>> {
        self.0.new_timer(at)
    }

    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        self.0.spawn(future);
    }

    fn wrap_udp_socket(&self, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        Ok(Arc::new(ListenerSocket(self.0.wrap_udp_socket(socket)?)))
    }

    fn now(&self) -> Instant {
        self.0.now()
    }
}

/// A socket that takes at most [`LISTENER_SEGMENTS`] at once.
#[derive(Debug)]
struct ListenerSocket(Arc<dyn AsyncUdpSocket>);

impl AsyncUdpSocket for ListenerSocket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        self.0.clone().create_io_poller()
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.0.try_send(transmit)
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        self.0.poll_recv(cx, buffers, meta)
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.0.max_transmit_segments().min(LISTENER_SEGMENTS)
    }

    fn max_receive_segments(&self) -> usize {
        self.0.max_receive_segments()
    }

    fn may_fragment(&self) -> bool {
        self.0.may_fragment()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_relay_hands_over_little_at_once_and_a_device_as_much_as_there_may_be() {
        let socket = || UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let ordinary = quinn::default_runtime().unwrap();
        let most = ordinary.wrap_udp_socket(socket()).unwrap();
        let relay = ListenerRuntime(ordinary).wrap_udp_socket(socket()).unwrap();
        assert_eq!(
            relay.max_transmit_segments(),
            most.max_transmit_segments().min(LISTENER_SEGMENTS)
        );
        // What comes is not cut: fewer would lose datagrams.
        assert_eq!(relay.max_receive_segments(), most.max_receive_segments());
        assert_eq!(relay.may_fragment(), most.may_fragment());
    }
}
