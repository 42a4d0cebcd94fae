// Writing past the caches: what is larger than they are and read again only much later. No line is fetched to be
// overwritten then, and what the caches hold stays there. Who writes so ends with fence().

/// Whether `floats` in rows of `channels` go past them.
inline bool goesPast(size_t floats, int channels, const float* to) {
  return floats > (size_t{2} << 20) && channels % kLanes == 0 && reinterpret_cast<size_t>(to) % sizeof(vec) == 0;
}
HOT_INLINE void storeOnce(float* p, vec x, int lanes, bool past) {
  if (past) return stream(p, x);
  storePart(p, x, lanes);
}
