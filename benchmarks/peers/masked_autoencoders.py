"""Other ways to a step of a masked autoencoder, for `pretraining.py`: networks that give a loss.

- `plain`: the layout of the reference in a page of torch. All patches are embedded, shuffled by an
  argsort of noise and cut; the decoder gets mask tokens, unshuffles, predicts every patch, and
  the loss is masked. Attention is torch's fused one, as in the libraries of vision transformers.
- `hugging_face`: `ViTMAEForPreTraining` of transformers, with the attention of its configuration.
"""

import importlib.util
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

PATCH, IMAGE, PLANES, MASK_RATIO = 16, 224, 3, 0.75
PATCHES, VALUES = (IMAGE // PATCH) ** 2, PLANES * PATCH**2


@dataclass(frozen=True, slots=True)
class Size:
    """An encoder, a decoder and the images of a step."""

    width: int
    depth: int
    heads: int
    decoder_width: int
    decoder_depth: int
    decoder_heads: int
    batch: int


def hugging_face_is_there() -> bool:
    return importlib.util.find_spec("transformers") is not None


def hugging_face(size: Size, attention: str) -> nn.Module:
    """A network from images (N, 3, 224, 224) to a loss, by transformers."""
    from transformers import ViTMAEConfig, ViTMAEForPreTraining

    config = ViTMAEConfig(
        hidden_size=size.width,
        num_hidden_layers=size.depth,
        num_attention_heads=size.heads,
        intermediate_size=4 * size.width,
        decoder_hidden_size=size.decoder_width,
        decoder_num_hidden_layers=size.decoder_depth,
        decoder_num_attention_heads=size.decoder_heads,
        decoder_intermediate_size=4 * size.decoder_width,
        image_size=IMAGE,
        patch_size=PATCH,
        num_channels=PLANES,
        mask_ratio=MASK_RATIO,
        attn_implementation=attention,
    )

    class Loss(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.network = ViTMAEForPreTraining(config)

        def forward(self, images: Tensor) -> Tensor:
            return self.network(pixel_values=images).loss

    return Loss()


class PlainBlock(nn.Module):
    """Pre-norm attention and perceptron."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x: Tensor) -> Tensor:
        n, t, d = x.shape
        qkv = self.qkv(self.norm1(x)).reshape(n, t, 3, self.heads, d // self.heads)
        q, k, v = qkv.permute(2, 0, 3, 1, 4).unbind(0)
        mixed = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, t, d)
        x = x + self.out(mixed)
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Plain(nn.Module):
    """Images (N, 3, 224, 224) to a loss, the way the reference is laid out."""

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.embed = nn.Conv2d(PLANES, size.width, PATCH, PATCH)
        self.cls = nn.Parameter(torch.zeros(1, 1, size.width))
        self.register_buffer("positions", torch.randn(1, PATCHES + 1, size.width))
        self.encoder = nn.Sequential(
            *(PlainBlock(size.width, size.heads) for _ in range(size.depth))
        )
        self.norm = nn.LayerNorm(size.width)
        width = size.decoder_width
        self.to_decoder = nn.Linear(size.width, width)
        self.mask_token = nn.Parameter(torch.zeros(1, 1, width))
        self.register_buffer("decoder_positions", torch.randn(1, PATCHES + 1, width))
        self.decoder = nn.Sequential(
            *(PlainBlock(width, size.decoder_heads) for _ in range(size.decoder_depth))
        )
        self.decoder_norm = nn.LayerNorm(width)
        self.predict = nn.Linear(width, VALUES)

    def forward(self, images: Tensor) -> Tensor:
        n = len(images)
        x = self.embed(images).flatten(2).transpose(1, 2) + self.positions[:, 1:]
        x, hidden, back = self._cut(x)
        cls = (self.cls + self.positions[:, :1]).expand(n, -1, -1)
        x = self.norm(self.encoder(torch.cat([cls, x], dim=1)))
        x = self.to_decoder(x)
        masks = self.mask_token.expand(n, PATCHES + 1 - x.shape[1], -1)
        patches = torch.cat([x[:, 1:], masks], dim=1)
        patches = patches.gather(1, back[..., None].expand(-1, -1, patches.shape[2]))
        x = torch.cat([x[:, :1], patches], dim=1) + self.decoder_positions
        predicted = self.predict(self.decoder_norm(self.decoder(x)))[:, 1:]
        error = (predicted - _patches(images)).square().mean(dim=-1)
        return (error * hidden).sum() / hidden.sum()

    def _cut(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Visible tokens, ones where a patch is hidden, and the order that un-shuffles."""
        n, count, width = x.shape
        kept = int(count * (1 - MASK_RATIO))
        shuffle = torch.rand(n, count).argsort(dim=1)
        back = shuffle.argsort(dim=1)
        visible = x.gather(1, shuffle[:, :kept, None].expand(-1, -1, width))
        hidden = torch.ones(n, count)
        hidden[:, :kept] = 0
        return visible, hidden.gather(1, back), back


def _patches(images: Tensor) -> Tensor:
    n, side = len(images), IMAGE // PATCH
    cut = images.reshape(n, PLANES, side, PATCH, side, PATCH)
    return cut.permute(0, 2, 4, 3, 5, 1).reshape(n, PATCHES, VALUES)
