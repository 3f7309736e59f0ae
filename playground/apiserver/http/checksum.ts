/** FNV-1a, twice with different seeds: only has to differ when the text does. */
export function checksum(text: string): string {
  const hash = (seed: number): string => {
    let h = seed;
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 16777619);
    return (h >>> 0).toString(16).padStart(8, '0').toUpperCase();
  };
  return hash(2166136261) + hash(84696351);
}
