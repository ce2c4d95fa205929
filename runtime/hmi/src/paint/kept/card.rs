//! Plates on the graphics card: what is kept is sent there once, and afterwards only what has changed.
//!
//! In:  plates, when egui's own painter (`egui_glow`) comes to their place in the order of things.
//! Out: triangles on the screen, drawn by egui's own program with egui's own texture of letters: the same pixels.
//! Start at [`shape`].
//!
//! Invariant: nothing here is called where egui is painted by something else; there the plates go through egui.

use std::mem::offset_of;
use std::sync::{Arc, Mutex, PoisonError};

use eframe::glow::{self, HasContext as _};
use eframe::{egui_glow, egui_glow::CallbackFn};
use egui::epaint::{PaintCallbackInfo, Vertex};
use egui::{Context, Id, Mesh, PaintCallback, Rect, Shape, TextureId};

use super::plate::{Holder, Plate, Shared};

/// Who paints what egui makes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Card {
    /// Something that gets triangles and nothing else: a test, a picture without a display.
    #[default]
    None,
    /// `egui_glow`, on OpenGL 3 or WebGL 2 and later.
    Glow,
    /// A pretended card that keeps its copies in memory: to measure and to test with.
    #[cfg(not(target_arch = "wasm32"))]
    Memory,
}

impl Card {
    /// The card of a context.
    pub fn of(ctx: &Context) -> Self {
        ctx.data(|data| data.get_temp(Id::unique("card"))).unwrap_or_default()
    }

    /// Makes it the card of a context.
    pub fn use_for(self, ctx: &Context) {
        ctx.data_mut(|data| data.insert_temp(Id::unique("card"), self));
    }

    /// What an application's card can do; older ones get their triangles each time.
    pub fn found(gl: Option<&glow::Context>) -> Self {
        if gl.is_some_and(|gl| gl.version().major >= 3) { Self::Glow } else { Self::None }
    }
}

/// The copy of a plate.
pub enum Copy {
    /// On the card.
    Glow(Buffers),
    /// In memory.
    #[cfg(not(target_arch = "wasm32"))]
    Memory(Mesh),
}

/// Buffers of one plate on the card.
pub struct Buffers {
    array: glow::VertexArray,
    vertices: glow::Buffer,
    indices: glow::Buffer,
    grave: Grave,
}

/// Buffers that nobody needs any more, until the card can be told so.
#[derive(Clone, Default)]
struct Grave(Arc<Mutex<Vec<(glow::VertexArray, glow::Buffer, glow::Buffer)>>>);

impl Drop for Buffers {
    fn drop(&mut self) {
        self.grave.0.lock().unwrap_or_else(PoisonError::into_inner).push((self.array, self.vertices, self.indices));
    }
}

/// The shape that paints plates within a clip.
pub fn shape(ctx: &Context, card: Card, clip: Rect, plates: &Arc<[Shared]>) -> Shape {
    let plates = Arc::clone(plates);
    match card {
        #[cfg(not(target_arch = "wasm32"))]
        Card::Memory => Shape::Callback(PaintCallback { rect: clip, callback: Arc::new(Pretended(plates)) }),
        _ => {
            let grave = ctx.data_mut(|data| data.get_temp_mut_or_default::<Grave>(Id::unique("grave")).clone());
            let ctx = ctx.clone();
            let paint = move |info: PaintCallbackInfo, painter: &egui_glow::Painter| {
                if paint(&info, painter, &plates, &grave).is_none() {
                    tracing::warn!("the graphics card has no room for what is painted; it is sent there with each frame now");
                    Card::None.use_for(&ctx);
                    ctx.request_repaint();
                }
            };
            Shape::Callback(PaintCallback { rect: clip, callback: Arc::new(CallbackFn::new(paint)) })
        }
    }
}

/// Plates on a pretended card.
#[cfg(not(target_arch = "wasm32"))]
pub struct Pretended(Arc<[Shared]>);

#[cfg(not(target_arch = "wasm32"))]
impl Pretended {
    /// Brings the copies up to date, as a card's would be, and shows each; gives how many corners they paint.
    pub fn paint(&self, mut show: impl FnMut(&Mesh)) -> usize {
        let mut used = 0;
        for plate in self.0.iter() {
            let mut plate = plate.get();
            let (mut copy, is_new) = match plate.copy.take() {
                Some(Copy::Memory(copy)) => (copy, false),
                _ => (Mesh::default(), true),
            };
            plate.hand_over(&mut InMemory(&mut copy), is_new);
            show(&copy);
            plate.copy = Some(Copy::Memory(copy));
            used += plate.used();
        }
        used
    }
}

#[cfg(not(target_arch = "wasm32"))]
struct InMemory<'a>(&'a mut Mesh);

#[cfg(not(target_arch = "wasm32"))]
impl Holder for InMemory<'_> {
    fn whole(&mut self, vertices: &[Vertex], indices: &[u32]) {
        self.0.vertices.clear();
        self.0.vertices.extend_from_slice(vertices);
        self.0.indices.clear();
        self.0.indices.extend_from_slice(indices);
    }

    fn vertices(&mut self, at: usize, new: &[Vertex]) {
        if let Some(own) = self.0.vertices.get_mut(at..at + new.len()) {
            own.copy_from_slice(new);
        }
    }

    fn indices(&mut self, at: usize, new: &[u32]) {
        if let Some(own) = self.0.indices.get_mut(at..at + new.len()) {
            own.copy_from_slice(new);
        }
    }
}

/// Paints plates; nothing where the card gives no room. egui's program is in use and its screen's size set: both stay so.
fn paint(info: &PaintCallbackInfo, painter: &egui_glow::Painter, plates: &[Shared], grave: &Grave) -> Option<()> {
    let (gl, letters) = (painter.gl(), painter.texture(TextureId::default())?);
    let [width, height] = info.screen_size_px.map(|pixels| i32::try_from(pixels).unwrap_or(i32::MAX));
    // SAFETY: called by egui's painter with its context current; all names come from this context.
    unsafe {
        let dead = std::mem::take(&mut *grave.0.lock().unwrap_or_else(PoisonError::into_inner));
        for (array, vertices, indices) in dead {
            gl.delete_vertex_array(array);
            gl.delete_buffer(vertices);
            gl.delete_buffer(indices);
        }
        // egui has narrowed it to this shape; its program counts from the whole window's corner.
        gl.viewport(0, 0, width, height);
        gl.bind_texture(glow::TEXTURE_2D, Some(letters));
        let drawn = plates.iter().try_for_each(|plate| draw(gl, &mut plate.get(), grave));
        gl.bind_vertex_array(None);
        drawn
    }
}

/// Draws one plate.
///
/// # Safety
/// The context must be current, and egui's program in use.
unsafe fn draw(gl: &glow::Context, plate: &mut Plate, grave: &Grave) -> Option<()> {
    if plate.indices() == 0 {
        return Some(());
    }
    let (buffers, is_new) = match plate.copy.take() {
        Some(Copy::Glow(buffers)) => (buffers, false),
        // SAFETY: the caller's context is current.
        _ => (unsafe { made(gl, grave) }?, true),
    };
    let count = i32::try_from(plate.indices()).unwrap_or(i32::MAX);
    // SAFETY: the buffers are of this context; the counts are those of what was just handed over.
    unsafe {
        gl.bind_vertex_array(Some(buffers.array));
        gl.bind_buffer(glow::ARRAY_BUFFER, Some(buffers.vertices));
        gl.bind_buffer(glow::ELEMENT_ARRAY_BUFFER, Some(buffers.indices));
        plate.hand_over(&mut OnCard(gl), is_new);
        gl.draw_elements(glow::TRIANGLES, count, glow::UNSIGNED_INT, 0);
    }
    plate.copy = Some(Copy::Glow(buffers));
    Some(())
}

/// Buffers laid out as egui's program wants its vertices.
///
/// # Safety
/// The context must be current, and egui's program in use.
unsafe fn made(gl: &glow::Context, grave: &Grave) -> Option<Buffers> {
    // SAFETY: the caller's context is current; what is created is bound before it is described.
    unsafe {
        let program = gl.get_parameter_program(glow::CURRENT_PROGRAM)?;
        let (array, vertices, indices) = (gl.create_vertex_array().ok()?, gl.create_buffer().ok()?, gl.create_buffer().ok()?);
        let buffers = Buffers { array, vertices, indices, grave: grave.clone() };
        gl.bind_vertex_array(Some(array));
        gl.bind_buffer(glow::ARRAY_BUFFER, Some(vertices));
        let stride = i32::try_from(size_of::<Vertex>()).ok()?;
        let columns = [
            ("a_pos", 2, glow::FLOAT, offset_of!(Vertex, pos)),
            ("a_tc", 2, glow::FLOAT, offset_of!(Vertex, uv)),
            ("a_srgba", 4, glow::UNSIGNED_BYTE, offset_of!(Vertex, color)),
        ];
        for (name, numbers, kind, offset) in columns {
            let place = gl.get_attrib_location(program, name)?;
            gl.vertex_attrib_pointer_f32(place, numbers, kind, false, stride, i32::try_from(offset).ok()?);
            gl.enable_vertex_attrib_array(place);
        }
        Some(buffers)
    }
}

/// The buffers that are bound now.
struct OnCard<'a>(&'a glow::Context);

impl Holder for OnCard<'_> {
    fn whole(&mut self, vertices: &[Vertex], indices: &[u32]) {
        // SAFETY: made only while both buffers are bound.
        unsafe {
            self.0.buffer_data_u8_slice(glow::ARRAY_BUFFER, bytemuck::cast_slice(vertices), glow::DYNAMIC_DRAW);
            self.0.buffer_data_u8_slice(glow::ELEMENT_ARRAY_BUFFER, bytemuck::cast_slice(indices), glow::DYNAMIC_DRAW);
        }
    }

    fn vertices(&mut self, at: usize, new: &[Vertex]) {
        let Ok(at) = i32::try_from(at * size_of::<Vertex>()) else { return };
        // SAFETY: as above; the range lies in what `whole` has made room for.
        unsafe { self.0.buffer_sub_data_u8_slice(glow::ARRAY_BUFFER, at, bytemuck::cast_slice(new)) };
    }

    fn indices(&mut self, at: usize, new: &[u32]) {
        let Ok(at) = i32::try_from(at * size_of::<u32>()) else { return };
        // SAFETY: as above.
        unsafe { self.0.buffer_sub_data_u8_slice(glow::ELEMENT_ARRAY_BUFFER, at, bytemuck::cast_slice(new)) };
    }
}
