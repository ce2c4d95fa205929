//! The peer: one task a connection that asks again as soon as it is answered, and does nothing with what it gets.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, Result, bail};
use tokio_modbus::client::{Reader as _, tcp};

use crate::modbus::{REGISTERS, WARM_UP, WINDOW};
use crate::workplace::cpu_s;

/// Transactions a second, and CPU time of this process in us a transaction.
///
/// # Errors
/// When the devices don't answer.
pub async fn round(device: SocketAddr, connections: usize) -> Result<(f64, f64)> {
    let count = Arc::new(AtomicU64::new(0));
    let mut tasks = Vec::new();
    for _ in 0..connections {
        let mut client = tcp::connect(device).await.context("the device can't be reached")?;
        let count = Arc::clone(&count);
        tasks.push(tokio::spawn(async move {
            let mut address = 0_u16;
            while let Ok(Ok(registers)) = client.read_holding_registers(address, REGISTERS).await {
                if registers.len() != usize::from(REGISTERS) {
                    break;
                }
                address = (address + REGISTERS) % (64 * REGISTERS);
                count.fetch_add(1, Ordering::Relaxed);
            }
        }));
    }
    tokio::time::sleep(WARM_UP).await;
    let (begin, before, cpu_before) = (std::time::Instant::now(), count.load(Ordering::Relaxed), cpu_s(""));
    tokio::time::sleep(WINDOW).await;
    let done = (count.load(Ordering::Relaxed) - before) as f64;
    let (per_s, cpu_us) = (done / begin.elapsed().as_secs_f64(), (cpu_s("") - cpu_before) * 1e6 / done);
    if tasks.iter().any(tokio::task::JoinHandle::is_finished) {
        bail!("a bare connection has ended before its time");
    }
    tasks.iter().for_each(tokio::task::JoinHandle::abort);
    Ok((per_s, cpu_us))
}
