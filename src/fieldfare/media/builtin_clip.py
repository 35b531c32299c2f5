"""One tiny clip, made by us: a light square moving over a dark ground, four frames of H.264.

The zygote decodes it before the first hostile byte, so that every decoder is loaded, and the parent
has it examined once to see which walls of the sandbox stand.
"""

import base64
import zlib
from typing import Final

_PACKED: Final = (
    "c-pO0eP|nH7=N$Lq>8MxGB>8omyHdTHo3$s*2rN#*$QTrrQ5`RZf`Dck~5dP%iU#7hJWOexMrQw!9b-"
    "et~Dx(W4Ov3n2l6LDHP_Pb0Sk2bofEnsv!7PpEqqO`nNB4&pn^Nd!FBW?`@BM(`bZF*j(s0xPP`Cp<nE-"
    "P^F$DmZ6zh5*h{9i+0Dhcsb1>wj7`I#Lil?t=hhh`MFs0RQ$c#mce&Z@$>fds&)VHg)CUhvF1x)^$vfUj-"
    "Rh^<yG^+coTvZ$J;-xqM<nY{}=0LzExX3`{cx<*DqGPLxEWN<)_K9l+WXI!^L}!1pjTDZ=PP-cJuZR+vod^JaVR|"
    "Az!%@Iav>k2ikaSqQJ>kZR@2ksu$M!K7QTi%+KoSg`Up8`o-5KZM5^!WVN6s>oz(ueprk>6W!-"
    "^4aSFD!NcLI&F#8Xt!-"
    "YIDStcmzKuV!@$ii8IJ9V^bsjnplHPcW3(elM@*UcehUZtirxEHz91~sLy?drOv?+6~bF$1Rz1gZco7X-"
    "!%_(WNoSvJAHb$cd!b6eh!N}-"
    ";Ml)xm*;CR+tLeGvXrmrEbTBwPICLN~dWPry>~cH#^@Sb^e^>}zZPnaI6TP=>)CegyLS^VOde^3vmEhOW@2@W0*n"
    "jzzzAy2OU5j^$9-kNYV@We8cKh~%y59*d7bBtHi-7@%C8-"
    "2~u%?$3nzFEm=O63$@E(?(u`J#1a*d3PIFHFmswqTuYDU_{aGe<|r$COTTe7B_ek_p$kpvzaG$pukk|q>Q$_g-"
    "mpT|TcO39?m!Z|7=WrEE@0yG}$W(m?kibhgkv-)`uI42irQe;@HLNth)rh?mtrHrBFhzO-_Y#CHhWD_z5iUUc>0!"
    "7N_Kqe_k9@kVVc-"
    "(z%H%<}L5_K~x>rk`?kk>^ml`<(SvN8q~m=IJnElV<Bh#NjrktMp};IV47Um?kG7+D*#YEeTWkOcmOQZPtKl(d{q"
    "+6@6WmO*3{ARy5oEGK1<9A!`=R8D6s9keVhL0ItYU021NtO{OiN>rs%fkCy)86^faGmL0Skc<@0C4dLUBp8Ah$is"
    "Q|c7b>LK-"
    "C#c`$>v|?+H*$i|PO@>p&`O9dPc24ay5V`;gEBv|jV?*^D|mAK$?wLN7c!fV%EQT)x;iXQSWQq1YOn*m>n*0KNV&"
    "x^F4`#~5-f2hh37j>c)5`;{eh1t$VOI-"
    "dG_3OpT)Yo4Ref84$D4*S!*+N$l2KKEyH`~w?Z9)myJa)rCKWZ(S{#9X58"
)


def builtin_clip() -> bytes:
    """Give the clip: Matroska, 32 x 32 pixels, 1 s."""
    return zlib.decompress(base64.b85decode(_PACKED))
